//! Totals for some, deltas for others.

use super::*;

#[test]
fn totals_keep_the_start_of_each_series() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    store.ingest(counted(InstrumentKind::Counter, (0, 10), &[("a", 1)]));
    store.ingest(counted(
        InstrumentKind::Counter,
        (10, 20),
        &[("a", 2), ("b", 5)],
    ));
    store.ingest(batch(30, Vec::new()));
    let points = sums(&mut store, consumer);
    assert_eq!(points[0].value, Number::U64(3));
    assert_eq!((points[0].start, points[0].time), (Some(at(0)), at(30)));
    assert_eq!((points[1].start, points[1].time), (Some(at(10)), at(30)));
}

#[test]
fn names_differ_by_more_than_case() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    store.ingest(counted(InstrumentKind::Counter, (0, 10), &[("a", 1)]));
    let mut other = counted(InstrumentKind::Counter, (10, 20), &[("a", 2)]);
    other.scopes[0].metrics[0].name = "M".into();
    store.ingest(other);
    assert_eq!(values(&mut store, consumer), named(&[("a", 3.0)]));
}

#[test]
fn deltas_without_acknowledgement_come_again_with_what_came_after() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Delta);
    store.ingest(measured((0, 10), &[("a", &[0.5])]));
    let first = histograms(&mut store, consumer);
    assert_eq!((first[0].start, first[0].time), (Some(at(0)), at(10)));
    assert_eq!(histograms(&mut store, consumer), first);

    store.ingest(measured((10, 20), &[("a", &[7.0, 3.0])]));
    let again = histograms(&mut store, consumer);
    assert_eq!(again[0].value, explicit(&[0.5, 7.0, 3.0]));
    assert_eq!((again[0].start, again[0].time), (Some(at(0)), at(20)));
}

#[test]
fn deltas_are_gapless_and_what_did_not_change_is_absent() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Delta);
    store.ingest(counted(
        InstrumentKind::Counter,
        (0, 10),
        &[("a", 1), ("b", 1)],
    ));
    assert_eq!(sums(&mut store, consumer).len(), 2);
    store.acknowledge(consumer);
    assert!(sums(&mut store, consumer).is_empty());

    store.ingest(counted(InstrumentKind::Counter, (10, 20), &[("a", 1)]));
    assert_eq!(sums(&mut store, consumer).len(), 1);
    store.acknowledge(consumer);
    store.ingest(counted(InstrumentKind::Counter, (20, 30), &[("b", 1)]));
    let points = sums(&mut store, consumer);
    assert_eq!((points[0].start, points[0].time), (Some(at(10)), at(30)));
}

#[test]
fn what_comes_during_an_export_is_not_acknowledged_with_it() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Delta);
    store.ingest(counted(InstrumentKind::Counter, (0, 10), &[("a", 1)]));
    sums(&mut store, consumer);
    store.ingest(counted(InstrumentKind::Counter, (10, 20), &[("a", 4)]));
    store.acknowledge(consumer);
    let points = sums(&mut store, consumer);
    assert_eq!(points[0].value, Number::U64(4));
    assert_eq!((points[0].start, points[0].time), (Some(at(10)), at(20)));
}

#[test]
fn a_late_consumer_begins_with_the_totals() {
    let mut store = Store::new();
    store.ingest(counted(InstrumentKind::Counter, (0, 10), &[("a", 1)]));
    store.ingest(counted(InstrumentKind::Counter, (10, 20), &[("a", 2)]));
    let consumer = store.register(TemporalityPreference::LowMemory);
    let points = sums(&mut store, consumer);
    assert_eq!(points[0].value, Number::U64(3));
    assert_eq!(points[0].start, Some(at(0)));
}

#[test]
fn up_down_counters_and_gauges_have_no_deltas() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Delta);
    let data_of = |n| CollectedData::Sum {
        points: points(vec![("a", Number::I64(n))]),
        temporality: Temporality::Delta,
        monotonic: false,
    };
    for (n, second) in [(5, 10), (-7, 20)] {
        let window = (second - 10, second);
        let metric = metric(InstrumentKind::UpDownCounter, window, data_of(n));
        store.ingest(batch(second, vec![metric]));
        store.acknowledge(consumer);
    }
    let Some(Data::Sum {
        points,
        temporality: Temporality::Cumulative,
        monotonic: false,
    }) = data(&mut store, consumer)
    else {
        panic!("not a cumulative sum");
    };
    assert_eq!(points[0].value, Number::I64(-2));
}

#[test]
fn a_synchronous_gauge_keeps_its_value_an_observed_one_goes() {
    let gauge = |kind, second| {
        let data = CollectedData::Gauge(numbers(&[("a", 7)]));
        batch(second, vec![metric(kind, (0, second), data)])
    };
    for (kind, left) in [
        (InstrumentKind::Gauge, 1),
        (InstrumentKind::ObservableGauge, 0),
    ] {
        let mut store = Store::new();
        let consumer = store.register(TemporalityPreference::Delta);
        store.ingest(gauge(kind, 10));
        assert_eq!(sums(&mut store, consumer).len(), 1);
        store.acknowledge(consumer);
        store.ingest(batch(20, Vec::new()));
        assert_eq!(sums(&mut store, consumer).len(), left, "{kind:?}");
    }
}
