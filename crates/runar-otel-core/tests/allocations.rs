//! What recording allocates: nothing, once a series is known.

#![allow(dead_code, reason = "the reader can do more than is needed here")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "recording/reader.rs"]
mod reader;

use std::time::Duration;

use allocation_counter::measure;
use runar_otel_core::{Counter, Gauge, Histogram, UpDownCounter, gate::GateOptions, install};

use crate::reader::Bench;

const STATUS: [&str; 4] = ["200", "201", "404", "500"];

/// Allocations of the second round: the first one makes what is new.
fn of_known(record: impl Fn(&[(&str, &str)])) -> u64 {
    let round = || {
        for status in STATUS {
            let method = String::from("GET");
            record(&[
                ("method", &method),
                ("route", "/orders/{id}"),
                ("status", status),
            ]);
        }
    };
    round();
    // The strings of the labels are the application's: one each.
    measure(round).count_total - STATUS.len() as u64
}

#[test]
fn a_known_series_is_recorded_without_allocation() {
    let bench = Bench::new(GateOptions::default());
    install(bench.gate.clone());
    let counter = Counter::new("allocations_total", "").register();
    let up_down = UpDownCounter::new("allocations_open", "").register();
    let histogram = Histogram::new("allocations_seconds", "")
        .with_label("service", "api")
        .register();
    let gauge = Gauge::new("allocations_level", "")
        .with_label("service", "api")
        .register();
    let owned = String::from("ms");
    let milliseconds = Histogram::new("allocations_duration", "")
        .with_unit(owned)
        .register();

    assert_eq!(of_known(|labels| counter.increment_with(labels)), 0);
    assert_eq!(of_known(|labels| up_down.add_with(-1, labels)), 0);
    assert_eq!(of_known(|labels| histogram.observe_with(0.3, labels)), 0);
    assert_eq!(of_known(|labels| gauge.set_with(2.0, labels)), 0);

    let plain = || {
        counter.increment();
        histogram.observe(0.3);
        milliseconds.observe_duration(Duration::from_millis(3));
        gauge.increment();
    };
    plain();
    assert_eq!(measure(plain).count_total, 0);
    // All of it has arrived.
    let points = bench.collect();
    let sum = |metric: &str| -> f64 {
        let of_metric = points.iter().filter(|point| point.metric == metric);
        of_metric.map(|point| point.value).sum()
    };
    assert!((sum("allocations_total") - 10.0).abs() < 1e-9);
    assert!((sum("allocations_open") + 8.0).abs() < 1e-9);
}
