//! Every kind of instrument, over several collections.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry::KeyValue;
use runar_otel_pipeline::snapshot::{Data, Number, Temporality};

use super::*;

#[test]
fn synchronous_instruments_keep_their_totals() {
    let setup = setup();
    let meter = &setup.meter;
    let counter = meter.u64_counter("counter").build();
    let up_down = meter.i64_up_down_counter("up_down").build();
    let gauge = meter.f64_gauge("gauge").build();
    let histogram = meter
        .f64_histogram("histogram")
        .with_boundaries(vec![1.0, 5.0])
        .build();
    for round in 1..=3_u32 {
        counter.add(2, &[]);
        up_down.add(-1, &[]);
        histogram.record(f64::from(round), &[]);
        if round == 1 {
            gauge.record(7.5, &[]);
        }
        setup.collector.collect();
    }
    let snapshot = setup.totals();
    assert_eq!(points(&snapshot, "counter")[0].value, Number::U64(6));
    assert_eq!(points(&snapshot, "up_down")[0].value, Number::I64(-3));
    assert_eq!(points(&snapshot, "gauge")[0].value, Number::F64(7.5));
    assert_eq!(points(&snapshot, "gauge")[0].start, None);
    let Some(Data::Histogram {
        points,
        temporality: Temporality::Cumulative,
    }) = metric(&snapshot, "histogram").map(|metric| metric.data)
    else {
        panic!("not a cumulative histogram");
    };
    let histogram = &points[0].value;
    assert_eq!((histogram.count, histogram.sum), (3, Some(6.0)));
    assert_eq!((histogram.min, histogram.max), (Some(1.0), Some(3.0)));
    assert_eq!(histogram.counts, [1, 2, 0]);
}

#[test]
fn observed_instruments_disappear_and_return() {
    let setup = setup();
    let meter = &setup.meter;
    // Zero: nothing is observed.
    let level = Arc::new(AtomicU64::new(10));
    let (one, two, three) = (level.clone(), level.clone(), level.clone());
    let _counter = meter
        .u64_observable_counter("observed_counter")
        .with_callback(move |observer| match one.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(level, &[KeyValue::new("b", 1), KeyValue::new("a", 2)]),
        })
        .build();
    let _up_down = meter
        .f64_observable_up_down_counter("observed_up_down")
        .with_callback(move |observer| match two.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(-(level as f64), &[]),
        })
        .build();
    let _gauge = meter
        .u64_observable_gauge("observed_gauge")
        .with_callback(move |observer| match three.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(level, &[]),
        })
        .build();
    for observed in [10, 10, 15, 0, 20, 21, 7, 7, 0, 9, 2] {
        level.store(observed, Ordering::SeqCst);
        let snapshot = setup.totals();
        let expected = (observed > 0).then_some(observed as f64);
        assert_eq!(value(&snapshot, "observed_counter"), expected);
        assert_eq!(value(&snapshot, "observed_gauge"), expected);
        let negative = expected.map(|level| -level);
        assert_eq!(value(&snapshot, "observed_up_down"), negative);
    }
    let point = &points(&setup.totals(), "observed_counter")[0];
    assert_eq!(point.labels, [KeyValue::new("a", 2), KeyValue::new("b", 1)]);
}

#[test]
fn an_observed_counter_may_be_reset() {
    let setup = setup();
    let meter = &setup.meter;
    let level = Arc::new(AtomicU64::new(0));
    let (whole, real) = (level.clone(), level.clone());
    let _whole = meter
        .u64_observable_counter("observed_counter.whole")
        .with_callback(move |observer| observer.observe(whole.load(Ordering::SeqCst), &[]))
        .build();
    let _real = meter
        .f64_observable_counter("observed_counter.real")
        .with_callback(move |observer| observer.observe(real.load(Ordering::SeqCst) as f64, &[]))
        .build();
    let counter = meter.u64_counter("counter").build();
    let mut starts = Vec::new();
    for (round, observed, new) in [(1, 10, 10), (2, 12, 2), (3, 3, 3), (4, 4, 1)] {
        level.store(observed, Ordering::SeqCst);
        counter.add(1, &[]);
        let snapshot = setup.totals();
        assert_eq!(value(&snapshot, "counter"), Some(f64::from(round)));
        let whole = &points(&snapshot, "observed_counter.whole")[0];
        assert_eq!(whole.value, Number::U64(observed));
        starts.push(whole.start);
        let real = value(&snapshot, "observed_counter.real");
        assert_eq!(real, Some(observed as f64));

        let snapshot = setup.deltas();
        for name in ["observed_counter.whole", "observed_counter.real"] {
            assert_eq!(value(&snapshot, name), Some(f64::from(new)));
        }
        setup.delivered();
    }
    assert_eq!((starts[0], starts[2]), (starts[1], starts[3]));
    assert!(starts[1] < starts[2]);
}

#[test]
fn consumers_of_totals_and_of_deltas_agree() {
    let setup = setup();
    let meter = &setup.meter;
    let counter = meter.u64_counter("counter").build();
    let level = Arc::new(AtomicU64::new(0));
    let observed = level.clone();
    let _observed = meter
        .u64_observable_counter("observed_counter")
        .with_callback(move |observer| observer.observe(observed.load(Ordering::SeqCst), &[]))
        .build();
    let names = ["counter", "observed_counter"];
    let mut received = [0.0; 2];
    let mut until = [None; 2];
    for round in 0..10_u64 {
        counter.add(round + 1, &[]);
        level.fetch_add(round + 1, Ordering::SeqCst);
        let snapshot = setup.deltas();
        if round % 3 == 1 {
            continue;
        }
        for (index, name) in names.into_iter().enumerate() {
            let points = points(&snapshot, name);
            if until[index].is_some() {
                assert_eq!(points[0].start, until[index]);
            }
            received[index] += points[0].value.as_f64();
            until[index] = Some(points[0].time);
        }
        setup.delivered();
    }
    assert_eq!(received, [55.0; 2]);
    let snapshot = setup.totals();
    assert_eq!(names.map(|name| value(&snapshot, name)), [Some(55.0); 2]);
}

#[test]
fn exemplars_of_reservoirs_reach_every_consumer() {
    let setup = setup_of(Vec::new());
    let histogram = setup
        .meter
        .f64_histogram("histogram")
        .with_boundaries(vec![1.0, 5.0])
        .build();
    for value in [7.0, 0.5] {
        histogram.record(value, &[]);
    }
    for snapshot in [setup.totals(), setup.deltas()] {
        let points = histograms(&snapshot, "histogram");
        let values: Vec<f64> = points[0].exemplars.iter().map(|one| one.value).collect();
        assert_eq!(values, [0.5, 7.0]);
    }
}

#[test]
fn concurrent_snapshots_lose_nothing() {
    let setup = setup();
    let counter = setup.meter.u64_counter("counter").build();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (counter, setup) = (counter.clone(), &setup);
            scope.spawn(move || {
                for own in 1..=50_u32 {
                    counter.add(1, &[]);
                    let seen = value(&setup.totals(), "counter").unwrap();
                    // What the caller recorded before it asked is always there.
                    assert!(seen >= f64::from(own));
                }
            });
        }
    });
    assert_eq!(value(&setup.totals(), "counter"), Some(200.0));
}
