//! The cardinality limit, and series that end.

use super::*;

/// Filters under which the values must be the same: with the second one, observations are offered as exemplars first.
const FILTERS: [ExemplarFilter; 2] = [ExemplarFilter::TraceBased, ExemplarFilter::AlwaysOn];

fn limited(limit: usize, filter: ExemplarFilter) -> Bench {
    Bench::with(|options| {
        options.limit = limit;
        options.exemplar_filter = filter;
    })
}

#[test]
fn overflow_series_keeps_the_total() {
    let bench = Bench::limited(2);
    let consumer = bench.totals();
    let counter = bench.counter();
    let batches: [&[(&str, u64)]; 2] = [
        &[("a", 1), ("b", 2), ("c", 4), ("d", 8)],
        &[("d", 16), ("a", 32)],
    ];
    for values in batches {
        add(&counter, values);
        bench.store.snapshot(consumer);
    }
    let got = values(&bench, consumer);
    assert_eq!(got, named(&[("a", 33.0), ("b", 2.0), ("true", 28.0)]));
    let overflow = sums(&bench, consumer).pop().unwrap();
    assert_eq!(overflow.labels, [KeyValue::new(OVERFLOW_KEY, true)]);
}

#[test]
fn observed_overflow_is_the_sum_of_what_is_observed() {
    for filter in FILTERS {
        let bench = limited(1, filter);
        let (totals, deltas) = (bench.totals(), bench.deltas());
        let source = bench.observed();
        let check = |observed: &[(&str, u64)], all: &[(&str, f64)], new: &[(&str, f64)]| {
            bench.observe_values(&source, observed);
            assert_eq!(values(&bench, totals), named(all), "{filter:?}");
            assert_eq!(values(&bench, deltas), named(new), "{filter:?}");
            bench.store.acknowledge(deltas);
        };
        check(
            &[("a", 1), ("b", 20), ("c", 300)],
            &[("a", 1.0), ("true", 320.0)],
            &[("a", 1.0), ("true", 320.0)],
        );
        // a and b go; c stays folded as long as it is observed, although there is a place now.
        check(&[("c", 305)], &[("true", 305.0)], &[("true", 5.0)]);
        check(
            &[("b", 22), ("c", 306)],
            &[("b", 22.0), ("true", 306.0)],
            &[("b", 22.0), ("true", 1.0)],
        );
        // A folded counter that was reset has only counted its current value.
        check(
            &[("c", 4), ("b", 22)],
            &[("b", 22.0), ("true", 4.0)],
            &[("true", 4.0)],
        );
        check(&[("b", 23)], &[("b", 23.0)], &[("b", 1.0)]);
        check(
            &[("b", 23), ("c", 9)],
            &[("b", 23.0), ("true", 9.0)],
            &[("true", 9.0)],
        );
    }
}

#[test]
fn a_set_observed_as_the_overflow_series_is_a_part_of_it() {
    let bench = Bench::limited(1);
    let totals = bench.totals();
    let source = bench.observed();
    for _ in 0..2 {
        bench.observe_values(&source, &[(OVERFLOW_KEY, 1), ("b", 20), ("c", 300)]);
        let expected = named(&[("b", 20.0), ("true", 301.0)]);
        assert_eq!(values(&bench, totals), expected);
    }
}

/// OpenTelemetry specification, metrics SDK: *Asynchronous instrument cardinality limits*.
#[test]
fn sets_that_were_observed_first_keep_their_places() {
    let observed = [("c", 1), ("b", 2), ("d", 4), ("a", 8)];
    let reversed = [("a", 8), ("d", 4), ("b", 2), ("c", 1)];
    let check = |bench: &Bench, source: &ObservedValues<u64>, overflows: [f64; 2]| {
        let totals = bench.totals();
        for (observed, overflow) in [observed, reversed].iter().zip(overflows) {
            bench.observe_values(source, observed);
            let expected = named(&[("b", 2.0), ("c", 1.0), ("true", overflow)]);
            assert_eq!(values(bench, totals), expected);
        }
    };
    for filter in FILTERS {
        let bench = limited(2, filter);
        let source = bench.observed();
        check(&bench, &source, [12.0, 12.0]);
        let bench = limited(2, filter);
        let source = ObservedValues::default();
        let gauge = bench.meter.u64_observable_gauge("m");
        gauge.with_callback(source.callback()).build();
        // Of last values the last one counts.
        check(&bench, &source, [8.0, 4.0]);
    }
}

#[test]
fn places_that_become_free_are_taken_at_once() {
    for filter in FILTERS {
        let bench = limited(2, filter);
        let totals = bench.totals();
        let source = bench.observed();
        bench.observe_values(&source, &[("a", 1), ("b", 2)]);
        bench.observe_values(&source, &[("c", 3), ("b", 4)]);
        let expected = named(&[("b", 4.0), ("c", 3.0)]);
        assert_eq!(values(&bench, totals), expected, "{filter:?}");
    }
}

/// A set stays beyond the limit while it is observed, and leaves the place of its own to others.
#[test]
fn a_set_beyond_the_limit_takes_no_place() {
    for filter in FILTERS {
        let bench = limited(1, filter);
        let totals = bench.totals();
        let source = bench.observed();
        bench.observe_values(&source, &[("a", 1), ("b", 2)]);
        bench.observe_values(&source, &[("b", 2)]);
        bench.observe_values(&source, &[("b", 2)]);
        bench.observe_values(&source, &[("b", 2), ("c", 3)]);
        let expected = named(&[("c", 3.0), ("true", 2.0)]);
        assert_eq!(values(&bench, totals), expected, "{filter:?}");
    }
}

#[test]
fn the_order_of_observation_does_not_reset_the_overflow_series() {
    let bench = Bench::limited(1);
    let totals = bench.totals();
    let source = ObservedValues::default();
    let counter = bench.meter.f64_observable_counter("m");
    let (_, made) = during(|| counter.with_callback(source.callback()).build());
    let names = ["a", "b", "c", "d", "e", "f"];
    for round in 1..20 {
        let value = |n| 0.1 * f64::from(n);
        let mut observed: Vec<_> = names.into_iter().zip((1..).map(value)).skip(1).collect();
        observed.rotate_left(round % 5);
        observed.insert(0, (names[0], value(1)));
        bench.observe_values(&source, &observed);
        made.holds(sums(&bench, totals)[1].start);
    }
}

#[test]
fn departed_series_do_not_wait_without_bound() {
    let bench = Bench::limited(3);
    let deltas = bench.deltas();
    let source = bench.observed();
    for round in 1..50 {
        bench.observe_values(&source, &[(&format!("s{round}"), 1)]);
    }
    assert_eq!(sums(&bench, deltas).len(), 4);
}

#[test]
fn the_overflow_series_departs_besides_the_limit() {
    let bench = Bench::limited(1);
    let deltas = bench.deltas();
    let source = bench.observed();
    bench.observe_values(&source, &[("a", 1), ("b", 2)]);
    bench.observe_values(&source, &[]);
    assert_eq!(values(&bench, deltas), named(&[("a", 1.0), ("true", 2.0)]));
}

#[test]
fn a_retired_series_leaves_and_returns_anew() {
    let bench = Bench::new();
    let totals = bench.totals();
    let counter = bench.counter();
    add(&counter, &[("a", 5), ("b", 1)]);
    bench.retire("a");
    assert_eq!(values(&bench, totals), named(&[("b", 1.0)]));
    let ((), returned) = during(|| add(&counter, &[("a", 2)]));
    assert_eq!(values(&bench, totals), named(&[("a", 2.0), ("b", 1.0)]));
    returned.holds(sums(&bench, totals)[0].start);
}

/// A histogram counts observations: they stay when nothing is observed beyond the limit any more.
#[test]
fn an_overflow_histogram_of_observed_values_stays() {
    let view = View::select("m").buckets(BOUNDS.into());
    let bench = Bench::with(|options| {
        options.views = vec![view];
        options.limit = 1;
    });
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let (source, made) = during(|| bench.observed());
    let rounds: [&[(&str, u64)]; 3] = [&[("a", 1), ("b", 7)], &[("a", 1)], &[("a", 1), ("b", 3)]];
    for (round, count) in rounds.into_iter().zip([1, 1, 2]) {
        bench.observe_values(&source, round);
        let points = histograms(&bench, totals);
        assert_eq!(points.len(), 2);
        assert_eq!(points[1].labels, set(OVERFLOW_KEY));
        assert_eq!(points[1].value.count, count);
        made.holds(points[1].start);
        assert_eq!(histograms(&bench, deltas).len(), round.len());
        bench.store.acknowledge(deltas);
    }
}
