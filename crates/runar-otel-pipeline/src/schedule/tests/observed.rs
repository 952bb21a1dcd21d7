//! Pushes that count themselves.

use super::{Answer::*, *};
use crate::encode::exposition;

const EXPORTED: &str = "otel_sdk_exporter_metric_data_point_exported_total";

fn observed(
    script: &[Answer],
    temporality: TemporalityPreference,
    change: impl FnOnce(&mut PushOptions),
) -> Rig {
    let observe = |gate: &Gate| Observer::new(gate);
    rig_observed(script, temporality, Vec::new(), change, observe)
}

/// Returns the sum of the samples of a name with this text in their labels.
fn value(rig: &Rig, name: &str, label: &str) -> Option<f64> {
    let page = exposition::text(&rig.collector.snapshot(rig.consumer)).body;
    let fits = |line: &&str| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{'))
            && match label {
                "" => !line.contains("error_type"),
                label => line.contains(label),
            }
    };
    let values = page.lines().filter(fits);
    values
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .reduce(|sum, value| sum + value)
}

fn add(rig: &Rig, series: i64) {
    for at in 0..series {
        rig.counter.add(1, &[KeyValue::new("at", at)]);
    }
}

#[test]
fn each_point_counts_once_whoever_takes_it_and_in_how_many_requests() {
    let rig = observed(&[Limit(2_000)], TemporalityPreference::Cumulative, |_| ());
    add(&rig, 100);
    rig.push.flush(PATIENCE).unwrap();
    assert_eq!(value(&rig, EXPORTED, ""), Some(100.0));
    assert_eq!(value(&rig, EXPORTED, "error_type"), None);
    let inflight = "otel_sdk_exporter_metric_data_point_inflight";
    assert_eq!(value(&rig, inflight, ""), Some(0.0));
    let refused = rig.receiver.requests() - rig.receiver.taken().len();
    let split = value(&rig, "runar_otel_push_split_total", "").unwrap();
    assert!(split >= f64::from(u32::try_from(refused).unwrap()));
    let operations = "otel_sdk_exporter_operation_duration_seconds_count";
    let taken = u32::try_from(rig.receiver.taken().len()).unwrap();
    assert_eq!(value(&rig, operations, ""), Some(f64::from(taken)));
    let too_large = "http_response_status_code=\"413\"";
    let refused = u32::try_from(refused).unwrap();
    assert_eq!(value(&rig, operations, too_large), Some(f64::from(refused)));
    let collections = "otel_sdk_metric_reader_collection_duration_seconds_count";
    let reader = "otel_component_name=\"periodic_metric_reader/0\"";
    assert_eq!(value(&rig, collections, reader), Some(1.0));
}

#[test]
fn points_that_are_dropped_count_by_their_reason() {
    let script = [Status(400), Limit(2_000)];
    let rig = observed(&script, TemporalityPreference::Delta, |_| ());
    add(&rig, 10);
    rig.push.flush(PATIENCE).unwrap_err();
    let dropped = "runar_otel_push_dropped_total";
    assert_eq!(value(&rig, dropped, "error_type=\"bad_data\""), Some(10.0));
    assert_eq!(value(&rig, EXPORTED, "error_type=\"400\""), Some(10.0));
    rig.counter
        .add(1, &[KeyValue::new("at", "x".repeat(3_000))]);
    rig.push.flush(PATIENCE).unwrap_err();
    assert_eq!(value(&rig, dropped, "error_type=\"size\""), Some(1.0));
    assert_eq!(value(&rig, EXPORTED, "error_type=\"413\""), Some(1.0));
}

#[test]
fn a_part_that_comes_again_counts_as_resent() {
    let short = |options: &mut PushOptions| options.timeout = Duration::from_millis(300);
    let rig = observed(&[Silence], TemporalityPreference::Delta, short);
    add(&rig, 5);
    rig.push.flush(PATIENCE).unwrap_err();
    assert_eq!(value(&rig, EXPORTED, "error_type=\"timeout\""), Some(5.0));
    let resent = "runar_otel_push_resent_total";
    assert_eq!(value(&rig, resent, ""), None);
    rig.push.flush(PATIENCE).unwrap();
    assert_eq!(value(&rig, resent, ""), Some(1.0));
    assert!(value(&rig, EXPORTED, "").unwrap() >= 5.0);
}

#[test]
fn counts_of_pushes_alone_are_no_reason_for_one_and_are_not_lost() {
    let quick = |options: &mut PushOptions| options.interval = Duration::from_millis(20);
    let rig = observed(&[], TemporalityPreference::Delta, quick);
    let sums = |rig: &Rig| {
        let taken = rig.receiver.taken();
        taken.iter().flatten().map(|seen| seen.3).sum::<i64>()
    };
    rig.counter.add(1000, &[]);
    while rig.receiver.requests() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(rig.receiver.requests(), 1, "of 15 intervals");
    assert_eq!(sums(&rig), 1000);
    rig.counter.add(1000, &[]);
    while rig.receiver.requests() == 1 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // With the count of the first push.
    assert!(sums(&rig) > 2000, "{:?}", rig.receiver.taken());
}
