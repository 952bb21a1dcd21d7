//! Metrics that the SDK cannot take over.

use runar_otel_core::gate::View;

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
