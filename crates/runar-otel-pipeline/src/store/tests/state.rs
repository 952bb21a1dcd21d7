//! The state that series keep for their consumers.

use allocation_counter::{AllocationInfo, measure};

use super::*;

const MANY: usize = 1000;

/// Counters of one series each.
fn many_counters(bench: &Bench) {
    for one in 0..MANY {
        let name: &'static str = format!("m{one}").leak();
        let counter = bench.meter.u64_counter(name).build();
        add(&counter, &[("a", 1)]);
    }
}

/// A counter of many series.
fn many_series(bench: &Bench) {
    let counter = bench.counter();
    for one in 0..MANY {
        add(&counter, &[(&one.to_string(), 1)]);
    }
}

fn cost_of_a_snapshot(bench: &Bench, consumer: ConsumerId, points: usize) -> AllocationInfo {
    measure(|| {
        let scopes = bench.store.snapshot(consumer);
        assert_eq!(
            scopes[0].metrics.iter().map(points_of).sum::<usize>(),
            points
        );
    })
}

fn points_of(metric: &Metric) -> usize {
    match &metric.data {
        Data::Sum { points, .. } => points.len(),
        other => panic!("not a sum: {other:?}"),
    }
}

#[test]
fn a_consumer_of_totals_alone_keeps_nothing_per_series() {
    for (fill, lists) in [(many_counters as fn(&Bench), MANY as u64), (many_series, 1)] {
        let bench = Bench::new();
        let totals = bench.totals();
        fill(&bench);
        for _ in 0..3 {
            let cost = cost_of_a_snapshot(&bench, totals, MANY);
            assert_eq!(cost.bytes_current, 0, "it keeps something");
            // A list of points per metric, and the lists of streams, scopes and metrics.
            assert!(cost.count_total <= lists + 16, "{cost:?}");
            let points = (MANY * size_of::<Point<Number>>()) as u64;
            let metrics = lists.next_power_of_two() * size_of::<Metric>() as u64;
            // The list of metrics grew, which takes it twice, and was sorted, which takes as much again.
            let most = points + 3 * metrics + 32_768;
            assert!(cost.bytes_total <= most, "{cost:?}, expected {most}");
        }
    }
}

#[test]
fn a_consumer_of_deltas_is_what_makes_series_keep_something() {
    let bench = Bench::new();
    let totals = bench.totals();
    many_series(&bench);
    assert_eq!(cost_of_a_snapshot(&bench, totals, MANY).bytes_current, 0);
    let deltas = bench.deltas();
    assert!(cost_of_a_snapshot(&bench, deltas, MANY).bytes_current > 0);
    bench.store.acknowledge(deltas);
    // Once that is there, neither of them adds to it.
    for _ in 0..3 {
        assert_eq!(cost_of_a_snapshot(&bench, totals, MANY).bytes_current, 0);
        let nothing = measure(|| assert!(bench.store.snapshot(deltas).is_empty()));
        assert_eq!(nothing.bytes_current, 0);
    }
}

/// Sums of doubles in which small values are lost: as a difference of totals each later delta would be 0.
#[test]
fn totals_stay_exact_when_a_consumer_of_deltas_comes_later() {
    let bench = Bench::new();
    let totals = bench.totals();
    let (counter, made) = during(|| bench.meter.f64_counter("m").build());
    let mut expected = 0.0;
    let mut add = |value: f64| {
        counter.add(value, &labels("a"));
        expected += value;
        expected
    };
    let (_, first) = during(|| add(0.1));
    let sum = add(1e17);
    assert_eq!(sums(&bench, totals)[0].value, Number::F64(sum));
    let deltas = bench.deltas();
    let sum = add(0.7);
    assert_eq!(sums(&bench, totals)[0].value, Number::F64(sum));
    let points = sums(&bench, deltas);
    assert_eq!(points[0].value, Number::F64(sum));
    made.holds(points[0].start);
    bench.store.acknowledge(deltas);
    for value in [0.5, 0.25, 3.0] {
        let sum = add(value);
        let delta = &sums(&bench, deltas)[0];
        assert_eq!(delta.value, Number::F64(value));
        bench.store.acknowledge(deltas);
        let total = &sums(&bench, totals)[0];
        assert_eq!(total.value, Number::F64(sum));
        first.holds(total.start);
    }
}

#[test]
fn consumers_that_acknowledge_differently_all_add_up() {
    for aggregation in [Aggregation::Default, Aggregation::exponential()] {
        let bench = Bench::with(|options| options.histogram_aggregation = aggregation);
        let totals = bench.totals();
        let consumers = [
            (bench.deltas(), 1),
            (bench.deltas(), 3),
            (bench.deltas(), 4),
        ];
        let counter = bench.meter.u64_counter("counter").build();
        let histogram = bench.histogram();
        let mut received = [[0; 2]; 3];
        for round in 1..=12 {
            add(&counter, &[("a", round)]);
            record(&histogram, "a", &[0.5, round as f64]);
            for ((consumer, every), received) in consumers.into_iter().zip(&mut received) {
                let counts = counts(&bench, consumer);
                if round % every == 0 {
                    received[0] += counts[0];
                    received[1] += counts[1];
                    bench.store.acknowledge(consumer);
                }
            }
        }
        assert_eq!(received, [[78, 24]; 3]);
        assert_eq!(counts(&bench, totals), [78, 24]);
    }
}

/// The sum of the counter, and the count of the histogram.
fn counts(bench: &Bench, consumer: ConsumerId) -> [u64; 2] {
    let scopes = bench.store.snapshot(consumer);
    let counts = scopes[0].metrics.iter().map(|metric| match &metric.data {
        Data::Sum { points, .. } => match points[0].value {
            Number::U64(sum) => sum,
            other => panic!("not a u64: {other:?}"),
        },
        Data::Histogram { points, .. } => points[0].value.counts.iter().sum(),
        Data::ExponentialHistogram { points, .. } => points[0].value.positive.counts.iter().sum(),
        other => panic!("not expected: {other:?}"),
    });
    let counts: Vec<u64> = counts.collect();
    counts.try_into().unwrap()
}
