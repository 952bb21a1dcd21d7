//! Metrics that the SDK cannot take over.

use opentelemetry::KeyValue;
use runar_otel_core::{gate::View, metric::Aggregation};

use super::*;

#[test]
fn histograms_of_what_is_read_are_left_out_and_reported() {
    reports::listen();
    let rig = Rig::new(vec![View::select("odd_*").buckets(vec![1.0])]);
    let meter = rig.meter();
    let gauge = meter.f64_gauge("odd_gauge").build();
    let _ = meter
        .u64_observable_counter("odd_observed")
        .with_callback(|observer| observer.observe(1, &[]))
        .build();
    let other = meter.f64_gauge("other").build();
    gauge.record(0.5, &[]);
    other.record(2.0, &[]);
    let names =
        |points: Points| -> Vec<String> { points.into_keys().map(|(name, _)| name).collect() };
    assert_eq!(names(rig.own()), ["odd_gauge", "odd_observed", "other"]);
    assert_eq!(names(rig.attached()), ["other"]);
    for name in ["odd_gauge", "odd_observed"] {
        let told = format!("do not get metric `{name}`");
        let said = reports::said();
        assert_eq!(said.iter().filter(|one| one.contains(&told)).count(), 1);
    }
}

#[test]
fn readers_get_what_the_first_of_two_views_makes() {
    reports::listen();
    let rig = Rig::new(vec![
        View::select("*").limit(10),
        View::select("seconded").drop_labels(["user"]),
    ]);
    let counter = rig.meter().u64_counter("seconded").build();
    counter.add(2, &[KeyValue::new("user", "u")]);
    let attached = rig.attached();
    assert_eq!(attached.len(), 1, "{attached:?}");
    let values: Vec<f64> = attached.values().map(reader::Value::number).collect();
    assert_eq!(values, [2.0]);
    let said = reports::said();
    let told = "get metric `seconded` as one view makes it";
    assert_eq!(said.iter().filter(|one| one.contains(told)).count(), 1);
}

#[test]
fn readers_get_the_sums_of_gauges() {
    let rig = Rig::new(vec![View::select("*").aggregation(Aggregation::Sum)]);
    let meter = rig.meter();
    let whole = meter.u64_gauge("whole").build();
    let real = meter.f64_gauge("real").build();
    let _ = meter
        .i64_observable_gauge("observed")
        .with_callback(|observer| observer.observe(-1, &[]))
        .build();
    for _ in 0..2 {
        whole.record(2, &[]);
        real.record(-0.5, &[]);
    }
    assert_eq!(rig.own(), rig.attached());
    assert_eq!(rig.own().len(), 3);
}
