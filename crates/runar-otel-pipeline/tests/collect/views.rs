//! Views, limits and exemplars, all the way to the snapshot.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry::KeyValue;
use runar_otel_core::metric::{Aggregation, OVERFLOW_KEY};
use runar_otel_pipeline::{
    encode::exposition::{Problem, openmetrics, text},
    snapshot::{Data, ExponentialHistogram, Number, Point, Temporality},
};

use super::*;

fn exponentials(snapshot: &Snapshot, name: &str) -> Vec<Point<ExponentialHistogram>> {
    match metric(snapshot, name).map(|metric| metric.data) {
        Some(Data::ExponentialHistogram { points, .. }) => points,
        other => panic!("{name} is not exponential: {other:?}"),
    }
}

#[test]
fn exemplars_follow_a_view_that_renames_and_drops_labels() {
    let view = View::select("request.*")
        .rename("renamed")
        .drop_labels(["user"])
        .buckets(vec![1.0, 5.0]);
    let setup = setup_of(vec![view]);
    let histogram = setup.meter.f64_histogram("request.duration").build();
    histogram.record(7.0, &[KeyValue::new("user", "u"), KeyValue::new("a", 1)]);
    histogram.record(0.5, &[KeyValue::new("a", 1)]);

    let points = histograms(&setup.totals(), "renamed");
    assert_eq!(points[0].labels, [KeyValue::new("a", 1)]);
    assert_eq!(points[0].value.counts, [1, 0, 1]);
    let exemplars = &points[0].exemplars;
    let values: Vec<f64> = exemplars.iter().map(|one| one.value).collect();
    assert_eq!(values, [0.5, 7.0]);
    assert_eq!(
        exemplars[1].filtered_attributes,
        [KeyValue::new("user", "u")]
    );
}

#[test]
fn exemplars_beyond_the_limit_belong_to_the_overflow_series() {
    let setup = setup_of(vec![View::select("*").limit(2)]);
    let counter = setup.meter.u64_counter("counter").build();
    for n in 0..10 {
        counter.add(1, &[KeyValue::new("n", n)]);
    }
    let points = points(&setup.totals(), "counter");
    assert_eq!(points.len(), 3);
    let total: f64 = points.iter().map(|point| point.value.as_f64()).sum();
    assert_eq!(total, 10.0);
    let overflow = [KeyValue::new(OVERFLOW_KEY, true)];
    let overflow = points.iter().find(|point| point.labels == overflow);
    let Some(overflow) = overflow else {
        panic!("no overflow series in {points:?}");
    };
    assert_eq!(overflow.value, Number::U64(8));
    assert!(!overflow.exemplars.is_empty());
}

#[test]
fn observed_values_beyond_the_limit_are_summed() {
    let setup = setup_of(vec![View::select("*").limit(2)]);
    let seen = Arc::new(AtomicU64::new(0));
    let observed = seen.clone();
    let _counter = setup
        .meter
        .u64_observable_counter("observed")
        .with_callback(move |observer| {
            for n in 1..=observed.load(Ordering::SeqCst) {
                observer.observe(n, &[KeyValue::new("n", n.to_string())]);
            }
        })
        .build();
    // What is new, if the sets that come had not been there before and the others stay as they are.
    for (most, new) in [
        (6, 21),
        (6, 0),
        (7, 7),
        (2, 0),
        (2, 0),
        (1, 0),
        (0, 0),
        (6, 21),
    ] {
        seen.store(most, Ordering::SeqCst);
        let total = |snapshot| -> f64 {
            let points = points(&snapshot, "observed");
            assert!(points.len() <= 3, "{points:?}");
            points.iter().map(|point| point.value.as_f64()).sum()
        };
        assert_eq!(total(setup.totals()), (most * (most + 1) / 2) as f64);
        assert_eq!(total(setup.deltas()), f64::from(new));
        setup.delivered();
    }
}

#[test]
fn a_view_makes_a_histogram_exponential() {
    let view = View::select("*").aggregation(Aggregation::exponential());
    let setup = setup_of(vec![view]);
    let histogram = setup.meter.f64_histogram("histogram").build();
    for value in [0.5, 1e9] {
        histogram.record(value, &[]);
        setup.collector.collect();
    }
    let points = exponentials(&setup.totals(), "histogram");
    assert_eq!(points[0].value.count, 2);
    let values: Vec<f64> = points[0].exemplars.iter().map(|one| one.value).collect();
    assert_eq!(values, [0.5, 1e9]);
}

#[test]
fn exponential_histograms_add_up() {
    let view = View::select("*").aggregation(Aggregation::exponential());
    let setup = setup_of(vec![view]);
    let histogram = setup.meter.f64_histogram("histogram").build();
    let up_down = setup.meter.f64_up_down_counter("up_down").build();
    for value in [1.5, 0.0, -3.0, 1e6] {
        histogram.record(value, &[]);
        up_down.add(value, &[]);
        setup.totals();
    }
    let all = exponentials(&setup.totals(), "histogram").remove(0).value;
    assert_eq!((all.count, all.zero_count), (4, 1));
    assert_eq!(all.positive.counts.iter().sum::<u64>(), 2);
    assert_eq!(all.negative.counts, [1]);
    assert!(all.positive.counts.len() <= 160 && all.positive.counts.len() > 79);
    assert_eq!((all.min, all.max), (Some(-3.0), Some(1e6)));
    assert_eq!(all.sum, Some(1e6 - 1.5));
    let up_down = exponentials(&setup.totals(), "up_down").remove(0).value;
    assert_eq!(up_down.sum, None);
}

#[test]
fn histograms_of_observed_values_count_each_observation_once() {
    for exponential in [false, true] {
        let view = View::select("*").aggregation(match exponential {
            true => Aggregation::exponential(),
            false => Aggregation::ExplicitBuckets(vec![1.0, 5.0].into()),
        });
        let setup = setup_with(|options| options.views = vec![view], Vec::new());
        let level = Arc::new(AtomicU64::new(0));
        let (one, two) = (level.clone(), level.clone());
        let _counter = setup
            .meter
            .u64_observable_counter("observed_counter")
            .with_callback(move |observer| observer.observe(one.load(Ordering::SeqCst), &[]))
            .build();
        let _gauge = setup
            .meter
            .u64_observable_gauge("observed_gauge")
            .with_callback(move |observer| observer.observe(two.load(Ordering::SeqCst), &[]))
            .build();
        let count = |snapshot: &Snapshot, name: &str| {
            if exponential {
                let value = &exponentials(snapshot, name)[0].value;
                (value.count, value.min)
            } else {
                let value = &histograms(snapshot, name)[0].value;
                (value.count, value.min)
            }
        };
        let names = ["observed_counter", "observed_gauge"];
        let mut received = 0;
        // Each snapshot collects, and so observes once.
        for collections in (1..8).step_by(2) {
            level.store(2 + collections, Ordering::SeqCst);
            let snapshot = setup.deltas();
            received += count(&snapshot, names[0]).0;
            assert_eq!(received, collections);
            // Of gauges there are totals only.
            assert_eq!(count(&snapshot, names[1]), (collections, Some(3.0)));
            setup.delivered();
            let snapshot = setup.totals();
            for name in names {
                assert_eq!(count(&snapshot, name), (collections + 1, Some(3.0)));
            }
        }
    }
}

#[test]
fn odd_names_and_units_leave_the_page_whole() {
    let view = View::select("odd").rename("1 \"odd\"\nname{a=\u{e9}} 5");
    let setup = setup_with(|options| options.views = vec![view], Vec::new());
    let odd = setup.meter.u64_counter("odd").with_unit("\u{b5}\n{s}");
    odd.build().add(3, &[]);
    let snapshot = setup.totals();
    assert_eq!(
        openmetrics(&snapshot).body,
        "# TYPE _1_odd_name_a_5 counter\n\
         _1_odd_name_a_5_total{otel_scope_name=\"tests\"} 3\n\
         # EOF\n"
    );
    assert_eq!(
        text(&snapshot).body,
        "# TYPE _1_odd_name_a_5_total counter\n\
         _1_odd_name_a_5_total{otel_scope_name=\"tests\"} 3\n"
    );
}

#[test]
fn a_page_has_each_series_of_views_in_conflict_once() {
    let views = vec![
        View::select("once").rename("twice").drop_labels(["user"]),
        View::select("twice").limit(5),
    ];
    let setup = setup_with(|options| options.views = views, Vec::new());
    let counter = setup.meter.u64_counter("once").build();
    let other = setup.meter.u64_counter("twice").build();
    let user = [KeyValue::new("user", "u")];
    for counter in [&counter, &other] {
        counter.add(1, &[]);
        counter.add(2, &user);
    }
    let snapshot = setup.totals();
    let metrics = snapshot.scopes.iter().flat_map(|scope| &scope.metrics);
    let both: Vec<f64> = metrics
        .map(|metric| match &metric.data {
            Data::Sum { points, .. } => points.iter().map(|one| one.value.as_f64()).sum(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(both, [3.0, 3.0]);
    let page = openmetrics(&snapshot);
    assert_eq!(
        page.body,
        "# TYPE twice counter\n\
         twice_total{otel_scope_name=\"tests\"} 3\n\
         twice_total{otel_scope_name=\"tests\",user=\"u\"} 2\n\
         # EOF\n"
    );
    let duplicate = Problem::DuplicateSeries {
        family: "twice_total".to_owned(),
        metric: "twice".to_owned(),
        labels: "otel_scope_name=\"tests\"".to_owned(),
    };
    assert_eq!(page.problems, [duplicate]);
}

#[test]
fn consumers_of_deltas_get_totals_of_gauges() {
    let views = vec![
        View::select("sum").aggregation(Aggregation::Sum),
        View::select("histogram").buckets(vec![1.0]),
    ];
    let setup = setup_of(views);
    let gauges = ["last", "sum", "histogram"].map(|name| setup.meter.f64_gauge(name).build());
    for gauge in gauges {
        gauge.record(2.0, &[]);
        gauge.record(0.5, &[]);
    }
    // Nothing is recorded before the second one.
    for _ in 0..2 {
        let snapshot = setup.deltas();
        assert_eq!(points(&snapshot, "last")[0].value, Number::F64(0.5));
        match metric(&snapshot, "sum").unwrap().data {
            Data::Sum {
                points,
                temporality,
                monotonic,
            } => {
                assert_eq!((temporality, monotonic), (Temporality::Cumulative, false));
                assert_eq!(points[0].value, Number::F64(2.5));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(histograms(&snapshot, "histogram")[0].value.counts, [1, 1]);
        setup.delivered();
    }
}
