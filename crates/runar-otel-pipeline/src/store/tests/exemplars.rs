//! Exemplars of points.

use super::*;

#[test]
fn a_point_takes_exemplars_of_its_window_and_its_buckets_sorted_by_value() {
    let mut store = Store::new();
    let totals = store.register(TemporalityPreference::Cumulative);
    let deltas = store.register(TemporalityPreference::Delta);
    let first = measured((10, 20), &[("a", &[7.0, 0.5])]);
    let held = [
        ("a", 7.0, 12),
        ("a", 0.5, 13),
        ("a", 2.0, 14),
        ("a", 0.25, 5),
    ];
    store.ingest(with_exemplars(first, Shape::Histogram, &held));
    let exemplars = |points: Vec<Point<Histogram>>| -> Vec<f64> {
        points[0]
            .exemplars
            .iter()
            .map(|exemplar| exemplar.value)
            .collect()
    };
    assert_eq!(exemplars(histograms(&mut store, totals)), [0.5, 7.0]);
    assert_eq!(exemplars(histograms(&mut store, deltas)), [0.5, 7.0]);
    store.acknowledge(deltas);

    // Newer ones replace older ones of their bucket; what is later than the point waits.
    let second = measured((20, 30), &[("a", &[0.75, 8.0])]);
    let held = [("a", 0.75, 22), ("a", 8.0, 31)];
    store.ingest(with_exemplars(second, Shape::Histogram, &held));
    assert_eq!(exemplars(histograms(&mut store, totals)), [0.75]);
    assert_eq!(exemplars(histograms(&mut store, deltas)), [0.75]);
    store.ingest(batch(40, Vec::new()));
    assert_eq!(exemplars(histograms(&mut store, totals)), [0.75, 8.0]);
    assert_eq!(exemplars(histograms(&mut store, totals)), [0.75, 8.0]);
}

#[test]
fn exemplars_beyond_the_limit_go_to_the_overflow_series() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    let collected = limited(measured((0, 10), &[("a", &[0.5]), ("b", &[7.0])]), 1);
    let held = [("b", 7.0, 5), ("c", 0.5, 6)];
    store.ingest(with_exemplars(collected, Shape::Histogram, &held));
    let points = histograms(&mut store, consumer);
    let of = |attributes: &Attributes| {
        let point = points.iter().find(|point| point.attributes == *attributes);
        point.unwrap().exemplars.clone()
    };
    assert!(of(&set("a")).is_empty());
    assert_eq!(of(&overflow_attributes()), [Exemplar::new(7.0, at(5))]);
}

#[test]
fn exemplars_without_a_series_are_dropped() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    let collected = measured((0, 10), &[("a", &[0.5])]);
    store.ingest(with_exemplars(
        collected,
        Shape::Histogram,
        &[("b", 0.5, 5)],
    ));
    assert!(histograms(&mut store, consumer)[0].exemplars.is_empty());
}

#[test]
fn exemplars_of_the_sdk_take_precedence() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    let mut collected = measured((0, 10), &[("a", &[0.5])]);
    if let CollectedData::Histogram { points, .. } = &mut collected.scopes[0].metrics[0].data {
        points[0].exemplars = vec![Exemplar::new(0.5, at(3))];
    }
    store.ingest(with_exemplars(
        collected,
        Shape::Histogram,
        &[("a", 0.5, 5)],
    ));
    let points = histograms(&mut store, consumer);
    assert_eq!(points[0].exemplars, [Exemplar::new(0.5, at(3))]);
}

#[test]
fn numbers_and_exponential_histograms_keep_the_newest_exemplars() {
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    let value = ExponentialHistogram {
        count: 1,
        sum: Some(1.0),
        min: Some(1.0),
        max: Some(1.0),
        scale: 0,
        zero_count: 0,
        zero_threshold: 0.0,
        positive: ExponentialBuckets {
            offset: -1,
            counts: vec![1],
        },
        negative: ExponentialBuckets::default(),
    };
    for second in 1..=30_u64 {
        let window = (second - 1, second);
        let data = CollectedData::ExponentialHistogram {
            points: points(vec![("a", value.clone())]),
            temporality: Temporality::Delta,
        };
        let collected = batch(
            second,
            vec![metric(InstrumentKind::Histogram, window, data)],
        );
        let held = [("a", 1.0, second)];
        store.ingest(with_exemplars(
            collected,
            Shape::ExponentialHistogram,
            &held,
        ));
    }
    let Some(Data::ExponentialHistogram { points, .. }) = data(&mut store, consumer) else {
        panic!("not an exponential histogram");
    };
    assert_eq!(points[0].value.count, 30);
    let times = points[0].exemplars.iter().map(|exemplar| exemplar.time);
    assert_eq!((times.clone().count(), times.min()), (20, Some(at(11))));
}
