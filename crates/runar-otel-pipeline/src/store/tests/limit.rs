//! The cardinality limit, and series that end.

use super::*;

#[test]
fn overflow_series_keeps_the_total() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    let batches: [&[(&str, u64)]; 2] = [
        &[("a", 1), ("b", 2), ("c", 4), ("d", 8)],
        &[("d", 16), ("a", 32)],
    ];
    for (second, values) in (10..).step_by(10).zip(batches) {
        let collected = counted(InstrumentKind::Counter, (second - 10, second), values);
        store.ingest(limited(collected, 2));
    }
    let got = values(&mut store, consumer);
    assert_eq!(got, named(&[("a", 33.0), ("b", 2.0), ("true", 28.0)]));
    let overflow = sums(&mut store, consumer).pop().unwrap();
    assert_eq!(overflow.attributes, overflow_attributes());
}

#[test]
fn observed_overflow_is_the_sum_of_what_is_observed() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    let mut check = |second, observed: &[(&str, u64)], all: &[(&str, f64)], new: &[(&str, f64)]| {
        store.ingest(limited(counted(kind, (0, second), observed), 1));
        assert_eq!(values(&mut store, totals), named(all));
        assert_eq!(values(&mut store, deltas), named(new));
        store.acknowledge(deltas);
    };
    check(
        10,
        &[("a", 1), ("b", 20), ("c", 300)],
        &[("a", 1.0), ("true", 320.0)],
        &[("a", 1.0), ("true", 320.0)],
    );
    // a and b go; c stays folded as long as it is observed, although there is a place now.
    check(20, &[("c", 305)], &[("true", 305.0)], &[("true", 5.0)]);
    check(
        30,
        &[("b", 22), ("c", 306)],
        &[("b", 22.0), ("true", 306.0)],
        &[("b", 22.0), ("true", 1.0)],
    );
    // A folded counter that was reset has only counted what it shows.
    check(
        40,
        &[("c", 4), ("b", 22)],
        &[("b", 22.0), ("true", 4.0)],
        &[("true", 4.0)],
    );
    check(50, &[("b", 23)], &[("b", 23.0)], &[("b", 1.0)]);
    check(
        60,
        &[("b", 23), ("c", 9)],
        &[("b", 23.0), ("true", 9.0)],
        &[("true", 9.0)],
    );
}

#[test]
fn the_overflow_series_of_the_sdk_is_a_part_of_the_own_one() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    for second in [10, 20] {
        let mut collected = counted(kind, (0, second), &[("a", 1), ("b", 20), ("c", 300)]);
        if let CollectedData::Sum { points, .. } = &mut collected.scopes[0].metrics[0].data {
            points[0].attributes = overflow_attributes();
        }
        store.ingest(limited(collected, 1));
        let expected = named(&[("b", 20.0), ("true", 301.0)]);
        assert_eq!(values(&mut store, totals), expected);
    }
}

#[test]
fn places_that_become_free_are_taken_at_once() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    store.ingest(limited(counted(kind, (0, 10), &[("a", 1), ("b", 2)]), 2));
    store.ingest(limited(counted(kind, (0, 20), &[("c", 3), ("b", 4)]), 2));
    let expected = named(&[("b", 4.0), ("c", 3.0)]);
    assert_eq!(values(&mut store, totals), expected);
}

#[test]
fn the_order_of_observation_does_not_reset_the_overflow_series() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let names = ["a", "b", "c", "d", "e", "f"];
    for second in 1..20_u32 {
        let value = |n| Number::F64(0.1 * f64::from(n));
        let mut observed: Vec<_> = names.into_iter().zip((1..).map(value)).skip(1).collect();
        observed.rotate_left(second as usize % 5);
        observed.insert(0, (names[0], value(1)));
        let data = CollectedData::Sum {
            points: points(observed),
            temporality: Temporality::Cumulative,
            monotonic: true,
        };
        let second = u64::from(second);
        let collected = batch(second, vec![metric(kind, (0, second), data)]);
        store.ingest(limited(collected, 1));
        assert_eq!(sums(&mut store, totals)[1].start, Some(at(0)));
    }
}

#[test]
fn departed_series_do_not_wait_without_bound() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let deltas = store.register(TemporalityPreference::Delta);
    for second in 1..50_u64 {
        let name = format!("s{second}");
        let collected = counted(kind, (0, second), &[(name.as_str(), 1)]);
        store.ingest(limited(collected, 3));
    }
    assert_eq!(sums(&mut store, deltas).len(), 4);
}

#[test]
fn a_retired_series_leaves_and_returns_anew() {
    let kind = InstrumentKind::Counter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    store.ingest(counted(kind, (0, 10), &[("a", 5), ("b", 1)]));
    let id = StreamId::new("m", Cow::Borrowed(""), Shape::MonotonicSum);
    store.retire(&scope(), &id, &set("a"));
    assert_eq!(values(&mut store, totals), named(&[("b", 1.0)]));
    store.ingest(counted(kind, (10, 20), &[("a", 2)]));
    assert_eq!(values(&mut store, totals), named(&[("a", 2.0), ("b", 1.0)]));
}
