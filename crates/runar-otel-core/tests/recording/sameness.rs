//! One label set of one metric is one series, whoever records to it and under whichever provider.

use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Meter, MeterProvider},
};
use runar_otel_core::{Counter, Gauge, Histogram, SCOPE_NAME, UpDownCounter, gate::GateOptions};

use crate::{
    facade::{bench, renew},
    lives::objects,
    reader::Bench,
};

/// The meter of the facade's own handles.
fn meter_of_handles(bench: &Bench) -> Meter {
    let scope = InstrumentationScope::builder(SCOPE_NAME).with_version(env!("CARGO_PKG_VERSION"));
    bench.gate.meter_with_scope(scope.build())
}

const LABELS: &[(&str, &str)] = &[("a", "1")];

fn label() -> [KeyValue; 1] {
    [KeyValue::new("a", "1")]
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn a_handle_and_an_instrument_of_its_meter_write_one_series() {
    let bench = bench();
    let meter = meter_of_handles(&bench);
    let requests = Counter::new("sameness_requests_total", "").register();
    let queue = UpDownCounter::new("sameness_queue", "").register();
    let sizes = Histogram::new("sameness_sizes", "").register();
    // Whichever comes first.
    let level = meter.f64_gauge("sameness_level").build();
    requests.add_with(1, LABELS);
    meter
        .u64_counter("sameness_requests_total")
        .build()
        .add(2, &label());
    queue.add_with(4, LABELS);
    meter
        .i64_up_down_counter("sameness_queue")
        .build()
        .add(-1, &label());
    sizes.observe_with(1.0, LABELS);
    meter
        .f64_histogram("sameness_sizes")
        .build()
        .record(2.0, &label());
    level.record(1.0, &label());
    Gauge::new("sameness_level", "")
        .register()
        .add_with(2.0, LABELS);
    let points = bench.collect();
    for (metric, value) in [
        ("sameness_requests_total", 3.0),
        ("sameness_queue", 3.0),
        ("sameness_sizes", 3.0),
        ("sameness_level", 3.0),
    ] {
        let found: Vec<_> = points.iter().filter(|p| p.metric == metric).collect();
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(same(found[0].value, value), "{found:#?}");
        assert_eq!(found[0].labels, label());
        assert_eq!(bench.streams(metric)[0].len(), 1);
    }
}

#[test]
fn a_second_provider_goes_on_with_the_same_series() {
    let mut bench = bench();
    let counter = Counter::new("sameness_kept_total", "").register();
    let histogram = Histogram::new("sameness_kept_seconds", "").register();
    let gauge = Gauge::new("sameness_kept", "").register();
    let queue = UpDownCounter::new("sameness_kept_queue", "").register();
    let metrics = [
        "sameness_kept_total",
        "sameness_kept_seconds",
        "sameness_kept",
        "sameness_kept_queue",
    ];
    let record = || {
        counter.add(5);
        counter.add_with(5, LABELS);
        histogram.observe(5.0);
        queue.add(5);
        queue.add_with(5, LABELS);
    };
    let kept = |bench: &Bench| metrics.map(|metric| objects(&bench.streams(metric)[0]));
    let sums = |bench: &Bench| {
        let points = bench.collect();
        metrics.map(|metric| {
            let of_metric = points.iter().filter(|point| point.metric == metric);
            of_metric.map(|point| point.value).sum::<f64>()
        })
    };
    record();
    gauge.set(7.0);
    let before = kept(&bench);
    renew(&mut bench);
    assert_eq!(sums(&bench), [0.0, 0.0, 7.0, 0.0]);
    record();
    assert_eq!(kept(&bench), before);
    assert_eq!(sums(&bench), [10.0, 5.0, 7.0, 10.0]);
    // Also what a consumer of deltas had taken before.
    renew(&mut bench);
    record();
    assert_eq!(kept(&bench), before);
    assert_eq!(sums(&bench), [10.0, 5.0, 7.0, 10.0]);
}

#[test]
fn more_orders_than_are_kept_are_still_one_series() {
    let bench = Bench::new(GateOptions::default());
    let counter = bench.gate.meter("lib").u64_counter("orders").build();
    let all = [
        KeyValue::new("a", "1"),
        KeyValue::new("b", true),
        KeyValue::new("c", 3_i64),
        KeyValue::new("d", 0.5),
    ];
    let mut orders = 0;
    for first in 0..4 {
        for second in (0..4).filter(|at| *at != first) {
            for third in (0..4).filter(|at| *at != first && *at != second) {
                let fourth = 6 - first - second - third;
                let order = [first, second, third, fourth].map(|at: usize| all[at].clone());
                (0..3).for_each(|_| counter.add(1, &order));
                orders += 1;
            }
        }
    }
    assert_eq!(orders, 24);
    assert_eq!(bench.streams("orders")[0].len(), 1);
    let point = bench.one("orders");
    assert_eq!(point.labels, all);
    assert!(same(point.value, 72.0));
}

#[test]
fn handles_with_labels_of_their_own_find_the_same_series() {
    let bench = bench();
    let declare = || Counter::new("sameness_based_total", "");
    let plain = declare().register();
    let one = declare().with_label("a", "1").register();
    let both = declare()
        .with_label("b", "2")
        .with_label("a", "1")
        .register();
    for _ in 0..2 {
        plain.add_with(1, &[("a", "1"), ("b", "2")]);
        plain.add_with(1, &[("b", "2"), ("a", "1")]);
        one.add_with(1, &[("b", "2")]);
        one.add_with(1, &[("b", "2"), ("a", "1")]);
        both.add(1);
        both.add_with(1, &[("a", "1")]);
        // Of two values the one given with the measurement wins.
        one.add_with(1, &[("a", "3")]);
    }
    let mut points = bench.collect();
    points.retain(|point| point.metric == "sameness_based_total");
    assert_eq!(points.len(), 2, "{points:#?}");
    let of = |labels: &[KeyValue]| {
        let mut points = points.iter();
        points.find(|p| p.labels == labels).map(|p| p.value)
    };
    let (a, b) = (KeyValue::new("a", "1"), KeyValue::new("b", "2"));
    assert_eq!(of(&[a, b]), Some(12.0));
    assert_eq!(of(&[KeyValue::new("a", "3")]), Some(2.0));
}
