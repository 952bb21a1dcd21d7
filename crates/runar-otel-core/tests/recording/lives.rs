//! Lives of series: they retire, sleep, wake and leave.

use std::{sync::Arc, time::SystemTime};

use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use runar_otel_core::{
    gate::{GateOptions, View},
    series::{Consumer, Series, Stream},
};

use crate::reader::{Bench, DELTAS};

fn lib() -> (Bench, Meter) {
    let bench = Bench::new(GateOptions::default());
    let meter = bench.gate.meter("lib");
    (bench, meter)
}

fn label(at: i64) -> [KeyValue; 1] {
    [KeyValue::new("at", at)]
}

fn stream(bench: &Bench, metric: &str) -> Arc<Stream> {
    bench.streams(metric).pop().unwrap()
}

fn retire(bench: &Bench, metric: &str) -> usize {
    stream(bench, metric).retire(|_| true)
}

/// The objects of the series that are exported.
pub(crate) fn objects(stream: &Stream) -> Vec<*const Series> {
    let seen = std::cell::RefCell::new(Vec::new());
    stream.retire(|series| {
        seen.borrow_mut().push(std::ptr::from_ref(series));
        false
    });
    seen.into_inner()
}

/// Total and start of the only series.
fn total(stream: &Stream, consumer: Consumer) -> Option<(f64, SystemTime)> {
    let mut all = Vec::new();
    stream.numbers(consumer, SystemTime::now(), |_, reading| {
        all.push((reading.value.as_f64(), reading.start));
    });
    assert!(all.len() <= 1, "{all:?}");
    all.pop()
}

const TOTALS: Consumer = Consumer {
    deltas: 1,
    slot: None,
};

fn sum(bench: &Bench, metric: &str) -> f64 {
    let points = bench.collect().into_iter();
    let of_metric = points.filter(|point| point.metric == metric);
    of_metric.map(|point| point.value).sum()
}

#[test]
fn a_retired_series_is_exported_no_more() {
    let (bench, meter) = lib();
    let counter = meter.u64_counter("c").build();
    counter.add(1, &label(1));
    counter.add(1, &label(2));
    let stream = stream(&bench, "c");
    let ended = stream.retire(|series| *series.labels() == label(1));
    assert_eq!((ended, stream.len()), (1, 1));
    let mut seen = Vec::new();
    stream.numbers(Consumer::default(), SystemTime::now(), |labels, _| {
        seen.push(labels.to_key_values());
    });
    assert_eq!(seen, [label(2)]);
}

#[test]
fn a_retired_series_wakes_in_place_with_a_new_start() {
    let (bench, meter) = lib();
    let bound = meter.u64_counter("c").build().bind(&label(1));
    bound.add(5);
    let stream = stream(&bench, "c");
    let before = objects(&stream);
    let (_, first) = total(&stream, Consumer::default()).unwrap();
    assert_eq!(retire(&bench, "c"), 1);
    assert_eq!(total(&stream, Consumer::default()), None);
    bound.add(2);
    let (value, second) = total(&stream, Consumer::default()).unwrap();
    assert_eq!((value, objects(&stream)), (2.0, before));
    assert!(second > first);
}

#[test]
fn the_last_delta_of_a_retired_series_is_delivered() {
    let (bench, meter) = lib();
    let counter = meter.u64_counter("c").build();
    counter.add(1, &label(1));
    assert!((sum(&bench, "c") - 1.0).abs() < 1e-9);
    counter.add(2, &label(1));
    assert_eq!(retire(&bench, "c"), 1);
    assert!((sum(&bench, "c") - 2.0).abs() < 1e-9);
    assert_eq!(sum(&bench, "c"), 0.0);
    retire(&bench, "c");
    assert_eq!(stream(&bench, "c").len(), 0);
}

#[test]
fn a_series_that_no_collection_saw_is_delivered() {
    let (bench, meter) = lib();
    let counter = meter.u64_counter("c").build();
    counter.add(1, &label(1));
    // The stream has a consumer of deltas from now on.
    bench.collect();
    counter.add(2, &label(2));
    retire(&bench, "c");
    assert!((sum(&bench, "c") - 2.0).abs() < 1e-9);
}

#[test]
fn a_series_of_several_lives_is_delivered_once() {
    let (bench, meter) = lib();
    let bound = meter.u64_counter("c").build().bind(&label(1));
    bound.add(1);
    bench.collect();
    for _ in 0..3 {
        bound.add(1);
        assert_eq!(retire(&bench, "c"), 1);
    }
    assert!((sum(&bench, "c") - 3.0).abs() < 1e-9);
}

#[test]
fn an_unacknowledged_delta_survives_retirement() {
    let (bench, meter) = lib();
    let counter = meter.u64_counter("c").build();
    counter.add(1, &label(1));
    let stream = stream(&bench, "c");
    assert_eq!(total(&stream, DELTAS).unwrap().0, 1.0);
    counter.add(2, &label(1));
    assert_eq!(retire(&bench, "c"), 1);
    assert_eq!(total(&stream, DELTAS).unwrap().0, 3.0);
    counter.add(4, &label(1));
    assert!((sum(&bench, "c") - 7.0).abs() < 1e-9);
}

#[test]
fn an_up_down_counter_that_is_not_0_never_retires() {
    let (bench, meter) = lib();
    let queue = meter.i64_up_down_counter("q").build();
    queue.add(3, &label(1));
    assert_eq!(retire(&bench, "q"), 0);
    // Also if the value is with the consumers already.
    bench.collect();
    assert_eq!(retire(&bench, "q"), 0);
    queue.add(-3, &label(1));
    assert_eq!(retire(&bench, "q"), 1);
}

#[test]
fn an_up_down_counter_that_retired_begins_at_0() {
    let (bench, meter) = lib();
    let queue = meter.i64_up_down_counter("q").build().bind(&label(1));
    let stream = stream(&bench, "q");
    queue.add(3);
    assert_eq!(total(&stream, DELTAS).unwrap().0, 3.0);
    stream.acknowledge(0);
    queue.add(-3);
    assert_eq!(retire(&bench, "q"), 1);
    assert_eq!(total(&stream, DELTAS).map(|(value, _)| value), Some(-3.0));
    stream.acknowledge(0);
    queue.add(1);
    assert_eq!(total(&stream, TOTALS).map(|(value, _)| value), Some(1.0));
    assert_eq!(total(&stream, DELTAS).map(|(value, _)| value), Some(1.0));
}

#[test]
fn a_sleeping_series_leaves_once_nobody_holds_it() {
    let (bench, meter) = lib();
    let counter = meter.u64_counter("c").build();
    let bound = counter.bind(&label(1));
    bound.add(1);
    assert_eq!(retire(&bench, "c"), 1);
    assert_eq!(stream(&bench, "c").len(), 1);
    drop(bound);
    retire(&bench, "c");
    assert_eq!(stream(&bench, "c").len(), 0);
}

#[test]
fn a_place_that_was_given_up_is_used_again() {
    let mut options = GateOptions::default();
    options.views = vec![View::select("c").limit(2)];
    let bench = Bench::new(options);
    let counter = bench.gate.meter("lib").u64_counter("c").build();
    (1..=3).for_each(|at| counter.add(1, &label(at)));
    assert_eq!(retire(&bench, "c"), 2);
    (4..=5).for_each(|at| counter.add(1, &label(at)));
    let points = bench.collect();
    let has = |at: i64| points.iter().any(|point| point.labels == label(at));
    assert!(has(4) && has(5), "{points:#?}");
}

#[test]
fn a_gauge_that_retired_is_set_anew() {
    let (bench, meter) = lib();
    let gauge = meter.f64_gauge("g").build();
    let bound = gauge.bind(&label(1));
    bound.record(1.5);
    gauge.record(2.5, &label(2));
    assert_eq!(retire(&bench, "g"), 2);
    assert_eq!(bench.collect(), []);
    bound.record(3.5);
    gauge.record(4.5, &label(2));
    let mut values: Vec<f64> = bench.collect().iter().map(|point| point.value).collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [3.5, 4.5]);
}

#[test]
fn histograms_of_both_kinds_retire_and_begin_anew() {
    let mut options = GateOptions::default();
    let exponential = runar_otel_core::metric::Aggregation::exponential();
    options.views = vec![View::select("e").aggregation(exponential)];
    let bench = Bench::new(options);
    let meter = bench.gate.meter("lib");
    for name in ["h", "e"] {
        let histogram = meter.f64_histogram(name).build();
        let bound = histogram.bind(&label(1));
        bound.record(1.0);
        bench.collect();
        bound.record(2.0);
        assert_eq!(retire(&bench, name), 1);
        let last = bench.one(name);
        assert_eq!((last.count, last.value), (1, 2.0));
        bound.record(4.0);
        histogram.record(8.0, &label(1));
        let next = bench.one(name);
        assert_eq!((next.count, next.value), (2, 12.0));
        assert_eq!(stream(&bench, name).len(), 1);
    }
}

/// The deltas of the first label set; the visit of the second one runs something.
fn deltas_of_the_first(stream: &Stream, meanwhile: impl Fn()) -> f64 {
    let mut sum = 0.0;
    stream.numbers(DELTAS, SystemTime::now(), |labels, reading| {
        if *labels == label(1) {
            sum += reading.value.as_f64();
        } else {
            meanwhile();
        }
    });
    sum
}

#[test]
fn a_delta_that_failed_survives_what_happens_in_a_collection() {
    // A series that a handle keeps wakes in place, another one comes back anew.
    for is_kept in [true, false] {
        let (bench, meter) = lib();
        let counter = meter.u64_counter("c").build();
        let _kept = is_kept.then(|| counter.bind(&label(1)));
        counter.add(1, &label(1));
        counter.add(1, &label(2));
        let stream = stream(&bench, "c");
        // Not acknowledged.
        assert_eq!(deltas_of_the_first(&stream, || {}), 1.0);
        assert_eq!(stream.retire(|series| *series.labels() == label(1)), 1);
        counter.add(1, &label(2));
        let mut sum = deltas_of_the_first(&stream, || counter.add(4, &label(1)));
        stream.acknowledge(0);
        counter.add(1, &label(2));
        sum += deltas_of_the_first(&stream, || {});
        assert_eq!(sum, 5.0, "kept: {is_kept}");
    }
}

#[test]
fn a_handle_that_records_nothing_holds_back_no_delta() {
    let (bench, meter) = lib();
    let counter = meter.u64_counter("c").build();
    counter.add(1, &label(1));
    let stream = stream(&bench, "c");
    assert_eq!(deltas_of_the_first(&stream, || {}), 1.0);
    assert_eq!(retire(&bench, "c"), 1);
    // The series is there again, and what it owes is not acknowledged yet.
    let bound = counter.bind(&label(1));
    assert_eq!(deltas_of_the_first(&stream, || {}), 1.0);
    drop(bound);
    retire(&bench, "c");
    assert_eq!(deltas_of_the_first(&stream, || {}), 1.0);
    stream.acknowledge(0);
    retire(&bench, "c");
    assert_eq!(
        (deltas_of_the_first(&stream, || {}), stream.len()),
        (0.0, 0)
    );
}

#[test]
fn deltas_of_series_beyond_the_limit_are_in_the_overflow() {
    let mut options = GateOptions::default();
    options.limit = 3;
    let bench = Bench::new(options);
    let meter = bench.gate.meter("lives.lib");
    let counter = meter.u64_counter("lives.beyond").build();
    let histogram = meter.f64_histogram("lives.beyond.h").build();
    for at in 0..10 {
        counter.add(1, &label(at));
        histogram.record(2.0, &label(at));
        retire(&bench, "lives.beyond");
        retire(&bench, "lives.beyond.h");
    }
    let points = bench.collect();
    let sum = |metric: &str| -> f64 {
        let of_metric = points.iter().filter(|point| point.metric == metric);
        of_metric.map(|point| point.value).sum()
    };
    assert!((sum("lives.beyond") - 10.0).abs() < 1e-9, "{points:#?}");
    assert!((sum("lives.beyond.h") - 20.0).abs() < 1e-9, "{points:#?}");
    assert_eq!(bench.collect(), []);
}
