//! Kinds, units and number types: what the name and the values make of a metric.

use std::time::Duration;

use runar_otel_core::{Counter, Gauge, Histogram, UpDownCounter};

use crate::{metrics, recorded::recorder};

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn an_unknown_name_becomes_what_the_macro_says() {
    let recorder = recorder();
    metrics::increment!("semantics_orders_total");
    metrics::decrement!("semantics_credit", value: 3);
    metrics::set!("semantics_size_bytes", value: 10_u64);
    metrics::observe!("semantics_observed", value: 5_u32);
    assert_eq!(recorder.one("semantics_orders_total").kind, "counter");
    let credit = recorder.one("semantics_credit");
    assert_eq!(credit.kind, "gauge");
    assert!(same(credit.value, -3.0));
    assert_eq!(recorder.one("semantics_size_bytes").unit, "By");
    assert_eq!(recorder.one("semantics_observed").kind, "histogram");
}

#[test]
fn a_known_gauge_or_up_down_counter_is_changed() {
    let recorder = recorder();
    let gauge = Gauge::new("semantics_connections", "Open connections").register();
    gauge.set(5.0);
    metrics::increment!("semantics_connections", value: 2);
    metrics::decrement!("semantics_connections");
    metrics::increment!("semantics_connections", labels: {"network" => "mainnet"});
    let all = recorder.series("semantics_connections");
    assert!(
        same(all[0].value, 6.0) && same(all[1].value, 1.0),
        "{all:#?}"
    );

    UpDownCounter::new("semantics_queue", "Jobs that wait")
        .register()
        .add(4);
    metrics::increment!("semantics_queue", value: -2);
    metrics::decrement!("semantics_queue", value: 5_u64);
    metrics::increment!("semantics_queue", labels: {"priority" => 1});
    let all = recorder.series("semantics_queue");
    assert!(
        same(all[0].value, -3.0) && same(all[1].value, 1.0),
        "{all:#?}"
    );
    assert_eq!(all[0].kind, "up-down counter");
}

#[test]
fn a_name_that_another_site_sets_is_a_gauge_from_the_start() {
    let recorder = recorder();
    metrics::increment!("semantics_set_elsewhere");
    let later = || metrics::set!("semantics_set_elsewhere", value: 9);
    assert!(same(recorder.one("semantics_set_elsewhere").value, 1.0));
    later();
    let one = recorder.one("semantics_set_elsewhere");
    assert_eq!(one.kind, "gauge");
    assert!(same(one.value, 9.0));
}

#[test]
fn a_duration_is_in_the_unit_of_the_metric() {
    let recorder = recorder();
    let duration = Duration::from_millis(250);
    metrics::observe!("semantics_response_time", value: duration);
    let one = recorder.one("semantics_response_time");
    assert_eq!(one.unit, "s");
    assert!(same(one.value, 0.25));
    metrics::observe!("semantics_wait_milliseconds", value: &duration);
    let one = recorder.one("semantics_wait_milliseconds");
    assert_eq!(one.unit, "ms");
    assert!(same(one.value, 250.0));
    metrics::increment!("semantics_busy", value: duration);
    let one = recorder.one("semantics_busy");
    assert_eq!((one.kind, one.unit.as_str()), ("counter", "s"));
    assert!(same(one.value, 0.25));
}

#[test]
fn an_unstated_unit_joins() {
    let recorder = recorder();
    let wait = Histogram::new("semantics_wait", "Time to wait")
        .with_unit("ms")
        .register();
    wait.observe(1.0);
    metrics::observe!("semantics_wait", value: Duration::from_millis(2));
    drop(metrics::timer!("semantics_wait", labels: {"by" => "timer"}));
    let all = recorder.series("semantics_wait");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].unit, "ms");
    assert!(same(all[0].value, 3.0));
}

#[test]
fn a_counter_refuses_what_would_shrink_it() {
    let recorder = recorder();
    metrics::increment!("semantics_only_up", value: 2.5);
    metrics::increment!("semantics_only_up", value: -1.5);
    metrics::increment!("semantics_only_up", value: f64::NAN);
    assert!(same(recorder.one("semantics_only_up").value, 2.5));
}

#[test]
fn another_kind_is_harmless() {
    let recorder = recorder();
    let counter = Counter::new("semantics_taken_total", "Taken").register();
    counter.increment();
    metrics::set!("semantics_taken_total", value: 9);
    metrics::decrement!("semantics_taken_total");
    metrics::observe!("semantics_taken_total", value: 9);
    drop(metrics::timer!("semantics_taken_total"));
    assert!(same(recorder.one("semantics_taken_total").value, 1.0));
}
