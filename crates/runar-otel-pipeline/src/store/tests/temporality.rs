//! Totals for some, deltas for others.

use super::*;

#[test]
fn totals_keep_the_start_of_each_series() {
    let bench = Bench::new();
    let consumer = bench.totals();
    let counter = bench.counter();
    let ((), first) = during(|| add(&counter, &[("a", 1)]));
    let ((), second) = during(|| add(&counter, &[("a", 2), ("b", 5)]));
    let mut starts = Vec::new();
    for _ in 0..3 {
        let (points, now) = during(|| sums(&bench, consumer));
        assert_eq!(points[0].value, Number::U64(3));
        first.holds(points[0].start);
        second.holds(points[1].start);
        for point in &points {
            now.holds(point.time);
        }
        starts.push((points[0].start, points[1].start));
    }
    assert_eq!((starts[0], starts[1]), (starts[1], starts[2]));
}

#[test]
fn names_differ_by_more_than_case() {
    let bench = Bench::new();
    let consumer = bench.totals();
    add(&bench.counter(), &[("a", 1)]);
    add(&bench.meter.u64_counter("M").build(), &[("a", 2)]);
    assert_eq!(values(&bench, consumer), named(&[("a", 3.0)]));
}

#[test]
fn unacknowledged_deltas_come_again_with_what_came_after() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    let (histogram, made) = during(|| bench.histogram());
    record(&histogram, "a", &[0.5]);
    let (first, handed_out) = during(|| histograms(&bench, consumer));
    made.holds(first[0].start);
    handed_out.holds(first[0].time);
    assert_eq!(histograms(&bench, consumer), first);

    record(&histogram, "a", &[7.0, 3.0]);
    let (again, now) = during(|| histograms(&bench, consumer));
    assert_eq!(again[0].value, explicit(&[0.5, 7.0, 3.0]));
    assert_eq!(again[0].start, first[0].start);
    now.holds(again[0].time);
}

#[test]
fn deltas_omit_unchanged_series() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    let counter = bench.counter();
    add(&counter, &[("a", 1), ("b", 1)]);
    assert_eq!(sums(&bench, consumer).len(), 2);
    bench.store.acknowledge(consumer);
    assert!(sums(&bench, consumer).is_empty());
    bench.store.acknowledge(consumer);
    add(&counter, &[("a", 1)]);
    assert_eq!(sums(&bench, consumer).len(), 1);
}

/// OpenTelemetry specification, metrics SDK: *Start timestamps*. Finding F5.
#[test]
fn deltas_of_an_instrument_start_together_with_the_last_collection() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    let (counter, made) = during(|| bench.counter());
    add(&counter, &[("a", 1), ("b", 1)]);
    let collect = || {
        let points = sums(&bench, consumer);
        bench.store.acknowledge(consumer);
        points
    };
    let first = collect();
    made.holds(first[0].start);
    assert_eq!(first[0].start, first[1].start);
    add(&counter, &[("a", 1)]);
    let second = collect();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].start, Some(first[0].time));
    add(&counter, &[("a", 1), ("b", 1), ("new", 1)]);
    let third = collect();
    assert_eq!(third.len(), 3);
    for point in third {
        assert_eq!(point.start, Some(second[0].time));
    }
}

#[test]
fn deltas_of_what_is_observed_start_together_too() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    let source = bench.observed();
    let collect = |observed: &[(&str, u64)]| {
        bench.observe_values(&source, observed);
        let points = sums(&bench, consumer);
        bench.store.acknowledge(consumer);
        points
    };
    collect(&[("a", 1), ("b", 1)]);
    let second = collect(&[("a", 2), ("b", 1)]);
    let third = collect(&[("a", 3), ("b", 2), ("new", 1)]);
    let starts: Vec<_> = third.iter().map(|point| point.start).collect();
    assert_eq!(starts, [Some(second[0].time); 3]);
}

#[test]
fn an_acknowledgement_omits_what_came_during_the_export() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    let counter = bench.counter();
    add(&counter, &[("a", 1)]);
    let exported = sums(&bench, consumer);
    add(&counter, &[("a", 4)]);
    bench.store.acknowledge(consumer);
    let (points, now) = during(|| sums(&bench, consumer));
    assert_eq!(points[0].value, Number::U64(4));
    assert_eq!(points[0].start, Some(exported[0].time));
    now.holds(points[0].time);
}

/// Another consumer may have collected in between: then the value is known already, and still not handed out.
#[test]
fn an_acknowledgement_omits_what_another_consumer_collected() {
    let bench = Bench::new();
    let (consumer, other) = (bench.deltas(), bench.totals());
    let counter = bench.counter();
    add(&counter, &[("a", 1)]);
    let exported = sums(&bench, consumer);
    add(&counter, &[("a", 4)]);
    assert_eq!(values(&bench, other), named(&[("a", 5.0)]));
    bench.store.acknowledge(consumer);
    let points = sums(&bench, consumer);
    assert_eq!(points[0].value, Number::U64(4));
    assert_eq!(points[0].start, Some(exported[0].time));
}

#[test]
fn a_late_consumer_begins_with_the_totals() {
    let bench = Bench::new();
    let (counter, made) = during(|| bench.counter());
    add(&counter, &[("a", 1)]);
    bench.observe();
    add(&counter, &[("a", 2)]);
    let consumer = bench.store.register(TemporalityPreference::LowMemory);
    let points = sums(&bench, consumer);
    assert_eq!(points[0].value, Number::U64(3));
    made.holds(points[0].start);
}

#[test]
fn up_down_counters_and_gauges_have_no_deltas() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    let up_down = bench.meter.i64_up_down_counter("m").build();
    for n in [5, -7] {
        up_down.add(n, &labels("a"));
        bench.store.acknowledge(consumer);
    }
    for _ in 0..2 {
        let Some(Data::Sum {
            points,
            temporality: Temporality::Cumulative,
            monotonic: false,
        }) = data(&bench, consumer)
        else {
            panic!("not a cumulative sum");
        };
        assert_eq!(points[0].value, Number::I64(-2));
        bench.store.acknowledge(consumer);
    }
}

#[test]
fn a_synchronous_gauge_keeps_its_value_an_observed_one_goes() {
    let bench = Bench::new();
    let consumer = bench.deltas();
    bench.meter.u64_gauge("m").build().record(7, &labels("a"));
    for _ in 0..2 {
        bench.observe();
        assert_eq!(values(&bench, consumer), named(&[("a", 7.0)]));
        assert_eq!(sums(&bench, consumer)[0].start, None);
        bench.store.acknowledge(consumer);
    }

    let bench = Bench::new();
    let consumer = bench.deltas();
    let source = ObservedValues::default();
    let gauge = bench.meter.u64_observable_gauge("m");
    gauge.with_callback(source.callback()).build();
    bench.observe_values(&source, &[("a", 7)]);
    assert_eq!(values(&bench, consumer), named(&[("a", 7.0)]));
    bench.store.acknowledge(consumer);
    bench.observe_values(&source, &[]);
    assert!(sums(&bench, consumer).is_empty());
}
