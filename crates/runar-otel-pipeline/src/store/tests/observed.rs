//! Values observed by callbacks: totals of the label sets that exist now.

use super::*;

#[test]
fn an_observed_counter_that_returns_has_its_full_value() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let (source, made) = during(|| bench.observed());
    bench.observe_values(&source, &[("a", 5), ("b", 1)]);
    bench.observe_values(&source, &[("b", 2)]);
    let gone = sums(&bench, totals);
    assert_eq!((gone.len(), gone[0].value), (1, Number::U64(2)));
    // The delta of the series that is gone is still owed.
    assert_eq!(values(&bench, deltas), named(&[("a", 5.0), ("b", 2.0)]));
    bench.store.acknowledge(deltas);
    assert!(values(&bench, deltas).is_empty());

    bench.observe_values(&source, &[("a", 8), ("b", 2)]);
    let points = sums(&bench, totals);
    assert_eq!(points[0].value, Number::U64(8));
    assert_eq!(points[0].start, Some(gone[0].time));
    made.holds(points[1].start);
    assert_eq!(values(&bench, deltas), named(&[("a", 8.0)]));
}

#[test]
fn an_observed_counter_that_was_reset_starts_anew() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let source = bench.observed();
    bench.observe_values(&source, &[("a", 10)]);
    let (total, delta) = (sums(&bench, totals), sums(&bench, deltas));
    bench.store.acknowledge(deltas);
    bench.observe_values(&source, &[("a", 3)]);
    let points = sums(&bench, totals);
    assert_eq!(points[0].value, Number::U64(3));
    assert_eq!(points[0].start, Some(total[0].time));
    assert_eq!(values(&bench, deltas), named(&[("a", 3.0)]));
    let ((), last) = during(|| bench.observe_values(&source, &[("a", 4)]));
    let points = sums(&bench, deltas);
    assert_eq!(points[0].value, Number::U64(4));
    assert_eq!(points[0].start, Some(delta[0].time));
    last.holds(points[0].time);
}

#[test]
fn observed_totals_begin_where_the_collection_before_ended() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let source = bench.observed();
    bench.observe_values(&source, &[("a", 1)]);
    // A collection that observes nothing ends a window all the same.
    let ((), second) = during(|| bench.observe_values(&source, &[]));
    let before = sums(&bench, deltas)[0].time;
    second.holds(before);
    bench.store.acknowledge(deltas);
    let ((), third) = during(|| bench.observe_values(&source, &[("a", 1), ("b", 7)]));
    let now = sums(&bench, totals)[0].time;
    third.holds(now);
    for consumer in [totals, deltas] {
        let points = sums(&bench, consumer);
        assert_eq!(points.len(), 2);
        for point in points {
            assert_eq!((point.start, point.time), (Some(before), now));
        }
    }
    bench.store.acknowledge(deltas);
    let ((), fourth) = during(|| bench.observe_values(&source, &[("a", 2), ("b", 7)]));
    let points = sums(&bench, deltas);
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].start, Some(now));
    fourth.holds(points[0].time);
}

#[test]
fn observed_f64_totals_are_not_rounded() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let source = ObservedValues::default();
    let counter = bench.meter.f64_observable_counter("m");
    let (_, made) = during(|| counter.with_callback(source.callback()).build());
    for value in [0.1, 1e17, 1e17 + 0.7, 3e17, 3e17] {
        bench.observe_values(&source, &[("a", value)]);
        for _ in 0..2 {
            let points = sums(&bench, totals);
            assert_eq!(points[0].value, Number::F64(value));
            made.holds(points[0].start);
        }
        sums(&bench, deltas);
        bench.store.acknowledge(deltas);
    }
}

#[test]
fn the_recorded_and_the_observed_of_one_name_do_not_mix() {
    let bench = Bench::new();
    let totals = bench.totals();
    let counter = bench.counter();
    let source = bench.observed();
    for _ in 0..2 {
        add(&counter, &[("a", 5)]);
        bench.observe_values(&source, &[("a", 7)]);
    }
    let metrics = &bench.store.snapshot(totals)[0].metrics;
    let mut both: Vec<f64> = metrics
        .iter()
        .map(|metric| match &metric.data {
            Data::Sum { points, .. } => points[0].value.as_f64(),
            other => panic!("not a sum: {other:?}"),
        })
        .collect();
    both.sort_by(f64::total_cmp);
    assert_eq!(both, [7.0, 10.0]);

    add(&counter, &[("a", 5)]);
    bench.observe_values(&source, &[]);
    assert_eq!(values(&bench, totals), named(&[("a", 15.0)]));
    bench.retire("a");
    assert!(bench.store.snapshot(totals).is_empty());
}

#[test]
fn observations_of_instruments_of_one_stream_add_up() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let (one, other) = (bench.observed(), bench.observed());
    one.set(&[("a", 1)]);
    for expected in [3.0, 0.0] {
        bench.observe_values(&other, &[("a", 2)]);
        assert_eq!(values(&bench, totals), named(&[("a", 3.0)]));
        let delta: f64 = values(&bench, deltas).iter().map(|one| one.1).sum();
        assert_eq!(delta, expected);
        bench.store.acknowledge(deltas);
    }
}

/// A view makes a histogram of an observed counter: each observation is one value, and stays one.
#[test]
fn histograms_of_everything_so_far_are_not_added_up() {
    let view = View::select("m").buckets(BOUNDS.into());
    let bench = Bench::with(|options| options.views = vec![view]);
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let (source, made) = during(|| bench.observed());
    let all: [u64; 3] = [1, 7, 3];
    for seen in 1..=3 {
        bench.observe_values(&source, &[("a", all[seen - 1])]);
        let real: Vec<f64> = all[..seen].iter().map(|one| *one as f64).collect();
        for _ in 0..2 {
            let points = histograms(&bench, totals);
            assert_eq!(points[0].value, explicit(&real));
            made.holds(points[0].start);
        }
        let points = histograms(&bench, deltas);
        assert_eq!(points[0].value, explicit(&real[seen - 1..]));
        bench.store.acknowledge(deltas);
        assert!(histograms(&bench, deltas).is_empty());
    }
}
