//! Series that end while a consumer is still owed something of them.

use super::*;

/// Adds up deltas per series, checking that no window begins before the one before has ended.
#[derive(Default)]
struct Received(HashMap<LabelSet, (f64, SystemTime)>);

impl Received {
    fn take(&mut self, bench: &Bench, consumer: ConsumerId) {
        for point in sums(bench, consumer) {
            let start = point.start.unwrap();
            assert!(start <= point.time, "{point:?}");
            let value = point.value.as_f64();
            self.0
                .entry(point.labels)
                .and_modify(|(total, until)| {
                    assert!(*until <= start, "windows overlap: {until:?}, {start:?}");
                    *total += value;
                    *until = point.time;
                })
                .or_insert((value, point.time));
        }
        bench.store.acknowledge(consumer);
    }

    fn of(&self, key: &str) -> f64 {
        self.0[&set(key)].0
    }
}

#[test]
fn a_kept_series_that_ends_twice_is_owed_once() {
    let bench = Bench::new();
    let deltas = bench.deltas();
    let counter = bench.counter();
    let bound = counter.bind(&labels("a"));
    for value in [5, 2] {
        bound.add(value);
        assert_eq!(sums(&bench, deltas).len(), 1);
        bench.retire("a");
    }
    assert_eq!(values(&bench, deltas), named(&[("a", 7.0)]));
    bench.store.acknowledge(deltas);
    assert!(values(&bench, deltas).is_empty());
}

#[test]
fn an_overflow_series_that_goes_twice_is_owed_once() {
    let bench = Bench::limited(1);
    let deltas = bench.deltas();
    let source = bench.observed();
    for _ in 0..2 {
        bench.observe_values(&source, &[("a", 1), ("b", 5)]);
        bench.observe_values(&source, &[("a", 1)]);
    }
    assert_eq!(values(&bench, deltas), named(&[("a", 1.0), ("true", 10.0)]));
    bench.store.acknowledge(deltas);
    assert!(values(&bench, deltas).is_empty());
}

#[test]
fn an_observed_series_that_returns_is_one_point() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let source = bench.observed();
    bench.observe_values(&source, &[("a", 5)]);
    bench.observe_values(&source, &[]);
    bench.observe_values(&source, &[("a", 8)]);
    assert_eq!(values(&bench, deltas), named(&[("a", 13.0)]));
    assert_eq!(values(&bench, totals), named(&[("a", 8.0)]));
}

#[test]
fn a_recorded_series_that_returns_is_one_point() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let counter = bench.counter();
    add(&counter, &[("a", 5)]);
    assert_eq!(values(&bench, deltas), named(&[("a", 5.0)]));
    bench.retire("a");
    add(&counter, &[("a", 2)]);
    assert_eq!(values(&bench, deltas), named(&[("a", 7.0)]));
    assert_eq!(values(&bench, totals), named(&[("a", 2.0)]));
}

#[test]
fn a_life_owes_what_came_after_its_last_collection() {
    let bench = Bench::new();
    let deltas = bench.deltas();
    let counter = bench.counter();
    add(&counter, &[("a", 5)]);
    bench.store.snapshot(deltas);
    bench.store.acknowledge(deltas);
    add(&counter, &[("a", 3)]);
    bench.retire("a");
    let mut received = Received::default();
    received.take(&bench, deltas);
    assert_eq!(received.of("a"), 3.0);
    assert!(sums(&bench, deltas).is_empty());
}

#[test]
fn windows_of_an_observed_series_that_returns_do_not_overlap() {
    let bench = Bench::new();
    let deltas = bench.deltas();
    let source = bench.observed();
    let mut received = Received::default();
    for value in [5, 8, 1] {
        bench.observe_values(&source, &[("a", value)]);
        bench.observe_values(&source, &[]);
        received.take(&bench, deltas);
    }
    assert_eq!(received.of("a"), 14.0);
}

#[test]
fn windows_of_a_retired_series_that_returns_do_not_overlap() {
    let bench = Bench::new();
    let deltas = bench.deltas();
    let counter = bench.counter();
    let mut received = Received::default();
    for value in [5, 2, 1] {
        add(&counter, &[("a", value)]);
        bench.store.snapshot(deltas);
        bench.retire("a");
        received.take(&bench, deltas);
    }
    assert_eq!(received.of("a"), 8.0);
}

#[test]
fn windows_of_the_overflow_series_do_not_overlap() {
    let bench = Bench::limited(1);
    let deltas = bench.deltas();
    let source = bench.observed();
    let mut received = Received::default();
    for value in [5, 8, 1] {
        bench.observe_values(&source, &[("a", 1), ("b", value)]);
        bench.observe_values(&source, &[("a", 1)]);
        received.take(&bench, deltas);
    }
    assert_eq!(received.of(OVERFLOW_KEY), 14.0);
    assert_eq!(received.of("a"), 1.0);
}
