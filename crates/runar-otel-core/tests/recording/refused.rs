//! Values that instruments do not take: dropped and told, once for each instrument.

use std::sync::Mutex;

use opentelemetry::metrics::{Meter, MeterProvider};
use runar_otel_core::{
    Counter, Histogram, UpDownCounter,
    gate::{GateOptions, View},
    metric::Aggregation,
};

use crate::{calls::bench, chain::Reports, reader::Bench};

fn plain() -> (Bench, Meter) {
    let bench = Bench::new(GateOptions::default());
    let meter = bench.gate.meter("refused.lib");
    (bench, meter)
}

/// The value of a metric that has one series, or none.
fn value(bench: &Bench, metric: &str) -> Option<f64> {
    let all = bench.collect();
    let found = all.iter().find(|point| point.metric == metric);
    found.map(|point| point.value)
}

#[test]
fn each_instrument_tells_what_it_refuses() {
    let (reports, _listening) = Reports::listen();
    let (_bench, meter) = plain();
    for name in ["refused.a", "refused.b"] {
        let counter = meter.f64_counter(name).build();
        for _ in 0..3 {
            counter.add(-1.5, &[]);
            counter.add(f64::NAN, &[]);
            counter.bind(&[]).add(f64::INFINITY);
        }
    }
    meter
        .f64_histogram("refused.h")
        .build()
        .record(f64::NAN, &[]);
    let said = reports.0.lock().unwrap().clone();
    let expected = [
        "counter `refused.a` was given -1.5: expected a number of 0 or more",
        "counter `refused.a` was given NaN: expected a finite number",
        "counter `refused.b` was given -1.5: expected a number of 0 or more",
        "counter `refused.b` was given NaN: expected a finite number",
        "histogram `refused.h` was given NaN: expected a finite number",
    ];
    assert_eq!(said, expected);
}

#[test]
fn handles_tell_what_they_refuse() {
    let (reports, _listening) = Reports::listen();
    let bench = bench();
    let counter = Counter::<f64>::of("refused_total", "").register();
    let histogram = Histogram::new("refused_seconds", "").register();
    let level = UpDownCounter::<f64>::of("refused_level", "").register();
    counter.add(-1.0);
    counter.add_with(f64::INFINITY, &[("a", "b")]);
    histogram.observe(f64::NAN);
    histogram.observe_with(f64::NAN, &[("a", "b")]);
    level.add(f64::NEG_INFINITY);
    let said = reports.0.lock().unwrap().clone();
    let told: Vec<&str> = said
        .iter()
        .filter_map(|line| line.split('`').nth(1))
        .collect();
    let expected = [
        "refused_total",
        "refused_total",
        "refused_seconds",
        "refused_level",
    ];
    assert_eq!(told, expected, "{said:#?}");
    assert_eq!(value(&bench, "refused_seconds"), None);
}

#[test]
fn a_gauge_that_is_no_number_is_not_stale() {
    let (bench, meter) = plain();
    let gauge = meter.f64_gauge("refused.gauge").build();
    gauge.record(5.0, &[]);
    assert_eq!(value(&bench, "refused.gauge"), Some(5.0));
    gauge.record(f64::NAN, &[]);
    assert!(value(&bench, "refused.gauge").unwrap().is_nan());
    gauge.bind(&[]).record(f64::INFINITY);
    assert_eq!(value(&bench, "refused.gauge"), Some(f64::INFINITY));
    gauge.record(6.0, &[]);
    assert_eq!(value(&bench, "refused.gauge"), Some(6.0));
}

#[test]
fn a_sum_of_a_gauge_takes_numbers_only() {
    let mut options = GateOptions::default();
    options.views = vec![View::select("refused.sum").aggregation(Aggregation::Sum)];
    let bench = Bench::new(options);
    let gauge = bench
        .gate
        .meter("refused.lib")
        .f64_gauge("refused.sum")
        .build();
    for value in [1.0, f64::NAN, f64::NEG_INFINITY, 2.0] {
        gauge.record(value, &[]);
    }
    assert_eq!(value(&bench, "refused.sum"), Some(3.0));
}

#[test]
fn callbacks_tell_what_is_refused() {
    let (reports, _listening) = Reports::listen();
    let (bench, meter) = plain();
    meter
        .f64_observable_counter("refused.observed")
        .with_callback(|observer| observer.observe(-1.0, &[]))
        .build();
    meter
        .f64_observable_up_down_counter("refused.unknown")
        .with_callback(|observer| observer.observe(f64::NAN, &[]))
        .build();
    assert_eq!(bench.collect(), []);
    let mut said = reports.0.lock().unwrap().clone();
    said.sort();
    let expected = [
        "counter `refused.observed` was given -1: expected a number of 0 or more",
        "metric `refused.unknown` was given NaN: expected a finite number",
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_observed_gauge_may_be_any_double() {
    let (reports, _listening) = Reports::listen();
    let (bench, meter) = plain();
    let values = Mutex::new([f64::INFINITY, f64::NAN, 1.0].into_iter());
    meter
        .f64_observable_gauge("refused.level")
        .with_callback(move |observer| {
            observer.observe(values.lock().unwrap().next().unwrap_or_default(), &[]);
        })
        .build();
    let seen = [(); 3].map(|()| value(&bench, "refused.level").unwrap());
    assert!(seen[0] == f64::INFINITY && seen[1].is_nan(), "{seen:?}");
    assert_eq!(seen[2], 1.0);
    assert_eq!(reports.0.lock().unwrap().clone(), [""; 0]);
}
