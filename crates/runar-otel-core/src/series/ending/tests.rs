//! Retirement beside a record that stands still between its steps.

use std::sync::Arc;

use opentelemetry::metrics::{Meter, MeterProvider as _};

use super::*;
use crate::{
    gate::{Gate, GateOptions, Streams},
    metric::number::Value,
    series::{
        cell::Meeting,
        change::{Change, LevelStep, LevelValue, SumValue},
        delivery::Reading,
        walk::Consumer,
    },
};

/// A counter with a series that a handle keeps.
struct Bench {
    stream: Arc<Stream>,
    series: Arc<Series>,
    _streams: Arc<Streams>,
}

impl Bench {
    fn new() -> Self {
        Self::of(|meter| drop(meter.u64_counter("m").build()))
    }

    fn of(make: impl FnOnce(Meter)) -> Self {
        let streams = Streams::new(GateOptions::default());
        make(Gate::new(streams.clone()).meter("tests"));
        let all = streams.all();
        let stream = all.iter().find(|one| one.plan().name == "m").unwrap();
        Self {
            stream: stream.clone(),
            series: stream.series(&LabelSet::default()),
            _streams: streams.clone(),
        }
    }

    /// The first step of a record: the value goes into the cell.
    fn add(&self, value: u64) {
        let _ = self.series.cell.update(&self.stream.shape, value);
    }

    /// The last step, of a thread that found the series asleep.
    fn wake(&self, value: u64) {
        self.wake_by(SumValue(value));
    }

    fn wake_by(&self, change: impl Change) {
        let change = change.with_meeting(self.stream.number(), Meeting::Nobody);
        self.stream.wake(&self.series, change);
    }

    /// A change by a thread that looks at the state afterwards.
    fn change_late(&self, change: impl Change) {
        let _ = change.apply(&self.series.cell, &self.stream.shape);
        self.wake_by(change);
    }

    fn record(&self, value: u64) {
        self.add(value);
        self.wake(value);
    }

    fn retire(&self) {
        self.stream.retire_soon(self.series.labels());
    }

    /// A collection for a consumer of totals: start and value.
    fn read(&self) -> Option<(SystemTime, Number)> {
        let mut read = None;
        let each = |_: &LabelSet, reading: Reading<Number>| {
            read = Some((reading.start, reading.value));
        };
        let (consumer, now) = (Consumer::default(), SystemTime::now());
        self.stream.numbers(consumer, now, each);
        read
    }

    /// Ends what is to end, after a collection that everybody has seen.
    fn end(&self) {
        self.stream.end_retired(Some(Moment::now()));
    }

    fn value(&self) -> Option<u64> {
        match self.read()?.1 {
            Number::U64(value) => Some(value),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_series_that_wakes_while_it_is_retired_goes_on() {
    let bench = Bench::new();
    bench.add(5);
    bench.retire();
    // Everybody looked, and did not see it.
    assert_eq!(bench.value(), None);
    bench.wake(5);
    bench.end();
    assert_eq!(bench.value(), Some(5));
}

#[test]
fn a_retirement_ends_no_later_life() {
    let bench = Bench::new();
    bench.record(5);
    bench.retire();
    assert_eq!(bench.stream.retire(|_| true), 1);
    bench.record(5);
    bench.end();
    assert_eq!(bench.value(), Some(5));
    bench.retire();
    bench.end();
    assert_eq!(bench.value(), None);
}

#[test]
fn a_series_that_sleeps_and_is_retired_leaves_with_its_handle() {
    let bench = Bench::new();
    bench.retire();
    bench.end();
    assert_eq!(bench.stream.len(), 1);
    let Bench { stream, series, .. } = bench;
    drop(series);
    stream.end_retired(None);
    assert!(stream.is_empty());
}

#[test]
fn lives_tell_themselves_apart_by_their_starts() {
    let bench = Bench::new();
    let now = SystemTime::now();
    let mut last = None;
    for _ in 0..3 {
        bench.series.begin_anew(now);
        let start = Some(bench.series.start());
        assert!(start > last, "{start:?} after {last:?}");
        last = start;
    }
}

/// A thread found the series by its labels and holds no reference to it, so it leaves the table.
#[test]
fn a_level_that_reaches_a_series_that_left_is_made_in_the_next() {
    let bench = Bench::of(|meter| drop(meter.u64_gauge("m").build()));
    bench.record(7);
    bench.stream.unlink(&mut bench.stream.lock(), &bench.series);
    bench.stream.forget_unlinked();
    bench.change_late(LevelValue(5));
    assert_eq!(bench.value(), Some(5));
    bench.change_late(LevelStep(Value::I64(-2)));
    assert_eq!(bench.value(), Some(3));
    bench.change_late(LevelStep(Value::U64(1)));
    assert_eq!(bench.value(), Some(4));
}

#[test]
fn a_retired_sum_that_shrinks_takes_the_lock_once_between_collections() {
    let bench = Bench::of(|meter| drop(meter.i64_up_down_counter("m").build()));
    bench.record(2);
    bench.retire();
    assert!(bench.series.is_retired());
    bench.stream.record_after_retiring(&bench.series);
    assert!(!bench.series.is_special(), "the next record is a plain one");
    bench.end();
    assert!(bench.series.is_retired(), "retired again");
    assert_eq!(bench.stream.len(), 1);
}

#[test]
fn a_retirement_under_one_provider_ends_no_series_of_the_next() {
    let bench = Bench::new();
    bench.record(5);
    bench.retire();
    assert!(bench.stream.attach(7, SystemTime::now(), 0).is_some());
    bench.record(5);
    bench.end();
    assert_eq!(bench.value(), Some(5));
}
