//! What callbacks observe: whole values, of what is there now.

use super::*;

#[test]
fn an_observed_counter_that_returns_has_its_full_value() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    store.ingest(counted(kind, (0, 10), &[("a", 5), ("b", 1)]));
    store.ingest(counted(kind, (0, 20), &[("b", 2)]));
    assert_eq!(values(&mut store, totals), named(&[("b", 2.0)]));
    // The delta of the one that is gone is still owed.
    assert_eq!(values(&mut store, deltas), named(&[("a", 5.0), ("b", 2.0)]));
    store.acknowledge(deltas);
    assert!(values(&mut store, deltas).is_empty());

    store.ingest(counted(kind, (0, 30), &[("a", 8), ("b", 2)]));
    let points = sums(&mut store, totals);
    assert_eq!(points[0].value, Number::U64(8));
    assert_eq!(points[0].start, Some(at(20)));
    assert_eq!(points[1].start, Some(at(0)));
    assert_eq!(values(&mut store, deltas), named(&[("a", 8.0)]));
}

#[test]
fn an_observed_counter_that_was_reset_starts_anew() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    store.ingest(counted(kind, (0, 10), &[("a", 10)]));
    values(&mut store, deltas);
    store.acknowledge(deltas);
    store.ingest(counted(kind, (0, 20), &[("a", 3)]));
    let points = sums(&mut store, totals);
    assert_eq!(
        (points[0].value, points[0].start),
        (Number::U64(3), Some(at(10)))
    );
    assert_eq!(values(&mut store, deltas), named(&[("a", 3.0)]));
    store.ingest(counted(kind, (0, 30), &[("a", 4)]));
    let points = sums(&mut store, deltas);
    assert_eq!(points[0].value, Number::U64(4));
    assert_eq!((points[0].start, points[0].time), (Some(at(10)), at(30)));
}

#[test]
fn observed_totals_begin_where_the_collection_before_ended() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    store.ingest(counted(kind, (5, 10), &[("a", 1)]));
    // A collection that does not mention the stream ends a window all the same.
    store.ingest(batch(20, Vec::new()));
    sums(&mut store, deltas);
    store.acknowledge(deltas);
    store.ingest(counted(kind, (5, 30), &[("a", 1), ("b", 7)]));
    for consumer in [totals, deltas] {
        for point in sums(&mut store, consumer) {
            assert_eq!((point.start, point.time), (Some(at(20)), at(30)));
        }
    }
    store.acknowledge(deltas);
    store.ingest(counted(kind, (5, 40), &[("a", 2), ("b", 7)]));
    let points = sums(&mut store, deltas);
    assert_eq!(points.len(), 1);
    assert_eq!((points[0].start, points[0].time), (Some(at(30)), at(40)));
}

#[test]
fn observed_f64_totals_are_not_rounded() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    for (second, value) in (1..).zip([0.1, 1e17, 1e17 + 0.7, 3e17, 3e17]) {
        let data = CollectedData::Sum {
            points: points(vec![("a", Number::F64(value))]),
            temporality: Temporality::Cumulative,
            monotonic: true,
        };
        store.ingest(batch(second, vec![metric(kind, (0, second), data)]));
        let points = sums(&mut store, totals);
        assert_eq!(points[0].value, Number::F64(value));
        assert_eq!(points[0].start, Some(at(0)));
    }
}

#[test]
fn what_is_recorded_and_what_is_observed_under_one_name_do_not_mix() {
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let recorded = |window| counted(InstrumentKind::Counter, window, &[("a", 5)]);
    let observed = |window| counted(InstrumentKind::ObservableCounter, window, &[("a", 7)]);
    for second in [10, 20] {
        let mut collected = recorded((second - 10, second));
        collected.scopes.extend(observed((0, second)).scopes);
        store.ingest(collected);
    }
    let metrics = &store.snapshot(totals)[0].metrics;
    let mut both: Vec<f64> = metrics
        .iter()
        .map(|metric| match &metric.data {
            Data::Sum { points, .. } => points[0].value.as_f64(),
            other => panic!("not a sum: {other:?}"),
        })
        .collect();
    both.sort_by(f64::total_cmp);
    assert_eq!(both, [7.0, 10.0]);

    store.ingest(recorded((20, 30)));
    assert_eq!(values(&mut store, totals), named(&[("a", 15.0)]));
    let id = StreamId::new("m", Cow::Borrowed(""), Shape::MonotonicSum);
    store.retire(&scope(), &id, &set("a"));
    assert!(store.snapshot(totals).is_empty());
}

#[test]
fn what_instruments_of_one_stream_observe_adds_up() {
    let kind = InstrumentKind::ObservableCounter;
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    for (second, expected) in [(10, 3.0), (20, 0.0)] {
        let mut collected = counted(kind, (0, second), &[("a", 1)]);
        let other = counted(kind, (0, second), &[("a", 2)]);
        collected.scopes.extend(other.scopes);
        store.ingest(collected);
        assert_eq!(values(&mut store, totals), named(&[("a", 3.0)]));
        let delta: f64 = values(&mut store, deltas).iter().map(|one| one.1).sum();
        assert_eq!(delta, expected);
        store.acknowledge(deltas);
    }
}

#[test]
fn histograms_of_everything_so_far_are_not_added_up() {
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    let all = [0.5, 7.0, 3.0];
    for (second, seen) in [(10, 1), (20, 2), (30, 2), (40, 3)] {
        let data = CollectedData::Histogram {
            points: points(vec![("a", explicit(&all[..seen]))]),
            temporality: Temporality::Cumulative,
        };
        let kind = InstrumentKind::ObservableCounter;
        store.ingest(batch(second, vec![metric(kind, (0, second), data)]));
        let points = histograms(&mut store, totals);
        assert_eq!(points[0].value, explicit(&all[..seen]));
        assert_eq!(points[0].start, Some(at(0)));
        let points = histograms(&mut store, deltas);
        store.acknowledge(deltas);
        match points.first() {
            None => assert_eq!(second, 30),
            Some(point) => assert_eq!(point.value.counts, explicit(&all[seen - 1..seen]).counts),
        }
    }
}
