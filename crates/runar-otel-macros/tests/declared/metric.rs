//! `#[metric]` and its accessors.

use std::time::Duration;

use runar_otel_core::{__private::METRICS, Counter, metric::InstrumentKind};
use runar_otel_macros::metric;

use crate::recorded::recorder;

#[metric(
    type = "counter",
    name = "metric_registration_total",
    description = "Total number of user registrations",
    labels = ["source", "account_type"]
)]
struct UserRegistrationMetric;

/// Messages that wait.
///
/// More about them.
#[metric(type = "gauge", name = "metric_waiting", unit = "{message}", labels = ["type"])]
struct Waiting;

#[metric(type = "up_down_counter", name = "metric_open")]
struct Open;

#[metric(
    type = "histogram",
    name = "metric_size",
    unit = "By",
    buckets = [1, 10.0, 100.0],
    labels = ["value"]
)]
struct Size;

#[metric(type = "timer", name = "metric_took", labels = ["http.method"])]
struct Took;

#[test]
fn a_counter_has_a_parameter_per_label() {
    let recorder = recorder();
    UserRegistrationMetric::increment("web", String::from("free"));
    UserRegistrationMetric::add(2_u8, "web", "free");
    let series = recorder.one("metric_registration_total");
    assert_eq!(series.kind, "counter");
    assert_eq!(series.labels, ["account_type=free", "source=web"]);
    assert!((series.value - 3.0).abs() < 1e-9);
    assert_eq!(series.description, "Total number of user registrations");
}

#[test]
fn a_gauge_is_set_and_changed() {
    let recorder = recorder();
    Waiting::set(5, "mail");
    Waiting::increment("mail");
    Waiting::decrement("mail");
    Waiting::sub(2, "mail");
    Waiting::add(0.5, "mail");
    let series = recorder.one("metric_waiting");
    assert_eq!((series.kind, series.unit.as_str()), ("gauge", "{message}"));
    assert_eq!(series.labels, ["type=mail"]);
    assert_eq!(series.description, "Messages that wait.");
}

#[test]
fn an_up_down_counter_is_one() {
    let recorder = recorder();
    Open::increment();
    Open::add(4_i64);
    Open::sub(2_i64);
    Open::decrement();
    let series = recorder.one("metric_open");
    assert_eq!(series.kind, "up-down counter");
    assert!((series.value - 2.0).abs() < 1e-9);
}

#[test]
fn a_histogram_has_its_buckets_and_a_timer() {
    let recorder = recorder();
    Size::observe(5_usize, "a");
    Size::start_timer("a").stop();
    let series = recorder.one("metric_size");
    assert_eq!(series.bounds, [1.0, 10.0, 100.0]);
    assert_eq!((series.unit.as_str(), series.kind), ("By", "histogram"));
}

#[test]
fn a_timer_counts_seconds() {
    let recorder = recorder();
    Took::observe(Duration::from_millis(1500), "GET");
    drop(Took::start("GET"));
    let series = recorder.one("metric_took");
    assert_eq!(series.unit, "s");
    assert_eq!(series.labels, ["http.method=GET"]);
    assert!(series.value > 1.4 && series.value < 1.6);
}

#[test]
fn a_declared_metric_is_linked_and_known_to_handles() {
    let took = METRICS.iter().find(|metric| metric.name == "metric_took");
    let took = took.unwrap();
    assert_eq!(
        (took.kind, took.unit),
        (InstrumentKind::Histogram, Some("s"))
    );
    assert!(took.at.file().ends_with("metric.rs"));

    let recorder = recorder();
    Counter::new("metric_by_hand", "").register().increment();
    assert_eq!(recorder.one("metric_by_hand").unit, "{order}");
}

#[metric(type = "counter", name = "metric_by_hand", unit = "{order}")]
struct ByHand;
