//! Instruments and views that are in each other's way: everything is exported, and said once.

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, MeterProvider},
};
use runar_otel_core::{
    gate::{GateOptions, View},
    metric::{Aggregation, InstrumentKind, Shape},
    name::DEFAULT_BUCKETS,
};

use crate::{
    chain::Reports,
    reader::{Bench, Point},
};

fn with_views(views: Vec<View>) -> Bench {
    let mut options = GateOptions::default();
    options.views = views;
    Bench::new(options)
}

fn label(key: &'static str, value: &'static str) -> KeyValue {
    KeyValue::new(key, value)
}

/// How many reports speak of something.
fn told(reports: &Reports, what: &str) -> usize {
    let all = reports.0.lock().unwrap();
    all.iter().filter(|message| message.contains(what)).count()
}

/// Names and values, in order.
fn values(points: &[Point]) -> Vec<(&str, f64)> {
    let mut all: Vec<(&str, f64)> = points
        .iter()
        .map(|point| (point.metric.as_str(), point.value))
        .collect();
    all.sort_by(|one, other| one.0.cmp(other.0).then(one.1.total_cmp(&other.1)));
    all
}

#[test]
fn two_views_of_one_name_both_apply_and_are_reported() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(vec![
        View::select("*").drop_labels(["user"]),
        View::select("duplicate.views").buckets(vec![1.0]),
    ]);
    let meter = bench.gate.meter("lib");
    for _ in 0..2 {
        let histogram = meter.f64_histogram("duplicate.views").build();
        histogram.record(0.5, &[label("user", "u")]);
    }
    let all = bench.collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[0].labels.is_empty() && all[0].bounds == DEFAULT_BUCKETS);
    // What one view drops, the other one does not export either.
    assert!(all[1].labels.is_empty() && all[1].bounds == [1.0]);
    assert!(all.iter().all(|point| point.count == 2), "{all:?}");
    let both = "views make metric `duplicate.views` of meter `lib` twice, first with ExplicitBuckets([0.0,";
    assert_eq!(told(&reports, both), 1);
    assert_eq!(
        told(
            &reports,
            "then with ExplicitBuckets([1.0]), no labels `user`, 2000 label sets"
        ),
        1
    );
}

/// Finding S2: metrics that views rename into one each keep their own rules.
#[test]
fn a_label_that_is_dropped_of_one_metric_is_not_exported_under_another_name() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(vec![
        View::select("duplicate.d").rename("duplicate.secret"),
        View::select("duplicate.e")
            .rename("duplicate.secret")
            .drop_labels(["user"]),
    ]);
    let meter = bench.gate.meter("lib");
    let user = [label("user", "secret")];
    let counters = ["duplicate.e", "duplicate.d", "duplicate.e"];
    for name in counters {
        meter.u64_counter(name).build().add(1, &user);
    }
    // The metric that no view selects has the name by itself.
    meter.u64_counter("duplicate.secret").build().add(4, &user);
    let all = bench.collect();
    let dropped: Vec<&Point> = all.iter().filter(|point| point.labels.is_empty()).collect();
    assert_eq!(dropped.len(), 1, "{all:?}");
    assert_eq!(dropped[0].value, 2.0);
    assert_eq!(values(&all)[1], ("duplicate.secret", 5.0));
    assert_eq!(told(&reports, "make metric `duplicate.secret`"), 1);
}

/// The same instrument twice, of which a view selects one by its unit.
#[test]
fn a_label_stays_dropped_where_instruments_share_a_view() {
    let bench = with_views(vec![
        View::select("duplicate.shared").limit(10),
        View::select("duplicate.shared")
            .of_kind(InstrumentKind::Counter)
            .drop_labels(["user"]),
        View::select("duplicate.*").drop_labels(["token"]),
    ]);
    let meter = bench.gate.meter("lib");
    let labels = [label("user", "u"), label("token", "t"), label("path", "/")];
    meter
        .u64_counter("duplicate.shared")
        .build()
        .add(1, &labels);
    let all = bench.collect();
    assert!(
        all.iter().all(|point| point.labels == [label("path", "/")]),
        "{all:?}"
    );
}

#[test]
fn two_views_that_make_one_metric_export_it_once() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(vec![
        View::select("*").limit(10),
        View::select("duplicate.alike").limit(10),
    ]);
    let meter = bench.gate.meter("lib");
    meter.u64_counter("duplicate.alike").build().add(2, &[]);
    assert_eq!(values(&bench.collect()), [("duplicate.alike", 2.0)]);
    assert_eq!(told(&reports, "the same of metric `duplicate.alike`"), 1);
}

#[test]
fn instruments_that_views_make_one_share_a_metric() {
    let views = |other: View| {
        vec![
            View::select("one").rename("both"),
            View::select("other").rename("Both"),
            other.rename("both"),
        ]
    };
    let alike = with_views(views(View::select("third")));
    let unlike = with_views(views(View::select("third").drop_labels(["a"])));
    for bench in [&alike, &unlike] {
        let meter = bench.gate.meter("lib");
        meter.u64_counter("one").build().add(1, &[]);
        meter.u64_counter("other").build().add(2, &[]);
        meter.u64_counter("third").build().add(4, &[]);
    }
    assert_eq!(values(&alike.collect()), [("both", 7.0)]);
    assert_eq!(values(&unlike.collect()), [("both", 3.0), ("both", 4.0)]);
}

#[test]
fn a_view_that_does_not_fit_is_as_if_not_there() {
    let (reports, _listening) = Reports::listen();
    let unfit = |name: &'static str| {
        View::select(name)
            .aggregation(Aggregation::LastValue)
            .rename("renamed")
            .drop_labels(["a"])
    };
    let bench = with_views(vec![
        unfit("unfit.alone"),
        unfit("unfit.beside"),
        View::select("unfit.beside").rename("fit"),
    ]);
    let meter = bench.gate.meter("lib");
    for name in ["unfit.alone", "unfit.beside"] {
        meter.u64_counter(name).build().add(1, &[label("a", "1")]);
    }
    let points = bench.collect();
    assert_eq!(values(&points), [("fit", 1.0), ("unfit.alone", 1.0)]);
    assert!(points.iter().all(|one| one.labels == [label("a", "1")]));
    assert_eq!(told(&reports, "of metric `unfit.alone`"), 1);
}

#[test]
fn invalid_advised_bounds_are_as_if_not_given() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(Vec::new());
    let meter = bench.gate.meter("lib");
    for bounds in [vec![2.0, 1.0], vec![f64::NAN]] {
        let asked = meter.f64_histogram("advised.badly").with_boundaries(bounds);
        asked.build().record(1.0, &[]);
    }
    let point = bench.one("advised.badly");
    assert_eq!((point.count, point.bounds), (2, DEFAULT_BUCKETS.to_vec()));
    assert_eq!(told(&reports, "`advised.badly`"), 1);
}

#[test]
fn of_two_advised_bounds_the_first_ones_stay() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(Vec::new());
    let meter = bench.gate.meter("lib");
    for bounds in [vec![1.0], vec![1.0], vec![2.0]] {
        let asked = meter.f64_histogram("advised.twice").with_boundaries(bounds);
        asked.build().record(1.0, &[]);
    }
    let point = bench.one("advised.twice");
    assert_eq!((point.count, point.bounds), (3, vec![1.0]));
    assert_eq!(told(&reports, "`advised.twice` twice"), 1);
}

#[test]
fn units_of_third_parties_are_taken_as_they_are() {
    let bench = with_views(Vec::new());
    let meter = bench.gate.meter("lib");
    for unit in ["\u{b5}s", &"x".repeat(100)] {
        let asked = meter.u64_counter("unit").with_unit(unit.to_owned());
        asked.build().add(1, &[]);
        assert_eq!(bench.one("unit").unit, unit);
    }
}

#[test]
fn descriptions_of_any_length_and_script_are_taken() {
    let bench = with_views(Vec::new());
    let text = "\u{416}\u{ffee}\n\"".repeat(1000);
    let meter = bench.gate.meter("lib");
    let asked = meter.u64_counter("described");
    asked.with_description(text.clone()).build().add(1, &[]);
    assert_eq!(bench.one("described").description, text);
}

#[test]
fn a_view_adds_up_what_gauges_are_set_to() {
    let bench = with_views(vec![
        View::select("sum.*")
            .aggregation(Aggregation::Sum)
            .drop_labels(["core"]),
    ]);
    let meter = bench.gate.meter("lib");
    let gauge = meter.f64_gauge("sum.set").build();
    for value in [2.0, 3.0, -1.5] {
        gauge.record(value, &[]);
    }
    let observe = |observer: &dyn AsyncInstrument<u64>| {
        observer.observe(2, &[label("core", "0")]);
        observer.observe(5, &[label("core", "1")]);
    };
    let observed = meter.u64_observable_gauge("sum.observed");
    observed.with_callback(observe).build();
    assert_eq!(
        values(&bench.collect()),
        [("sum.observed", 7.0), ("sum.set", 3.5)]
    );
    for name in ["sum.set", "sum.observed"] {
        let shape = bench.streams(name)[0].plan().shape();
        assert_eq!(shape, Some(Shape::NonMonotonicSum));
    }
}

#[test]
fn of_two_descriptions_the_longer_one_is_exported() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(Vec::new());
    let meter = bench.gate.meter("lib");
    for description in ["", "short", "this one is longer", "middle"] {
        let asked = meter.u64_counter("described.twice");
        asked.with_description(description).build().add(1, &[]);
    }
    let point = bench.one("described.twice");
    assert_eq!(point.description, "this one is longer");
    assert!((point.value - 4.0).abs() < f64::EPSILON);
    assert_eq!(told(&reports, "`described.twice`"), 1);
}

#[test]
fn a_view_that_describes_leaves_no_conflict() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(vec![View::select("described.*").describe("by the view")]);
    let meter = bench.gate.meter("lib");
    for description in ["by the code", "by other code, at length"] {
        let asked = meter.u64_counter("described.once");
        asked.with_description(description).build().add(1, &[]);
    }
    assert_eq!(bench.one("described.once").description, "by the view");
    assert_eq!(told(&reports, "`described.once`"), 0);
}

#[test]
fn the_first_spelling_serves_all_kinds_and_is_reported() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(Vec::new());
    let meter = bench.gate.meter("lib");
    meter.u64_counter("spelled.Once").build().add(1, &[]);
    meter.f64_gauge("Spelled.once").build().record(2.0, &[]);
    let points = bench.collect();
    assert_eq!(
        values(&points),
        [("spelled.Once", 1.0), ("spelled.Once", 2.0)]
    );
    assert_eq!(told(&reports, "then `Spelled.once`"), 1);
}

#[test]
fn a_conflict_tells_a_view_that_ends_it() {
    let (reports, _listening) = Reports::listen();
    let record = |bench: &Bench, name: &'static str| {
        let meter = bench.gate.meter("lib");
        meter.u64_counter(name).build().add(1, &[]);
        meter.f64_gauge(name).build().record(2.0, &[]);
    };
    let bench = with_views(Vec::new());
    record(&bench, "conflict.told");
    assert_eq!(bench.collect().len(), 2);
    let recipe = "`View::select(\"conflict.told\").of_kind(InstrumentKind::Gauge).rename(\"…\")`";
    assert_eq!(told(&reports, recipe), 1);

    let bench = with_views(vec![
        View::select("conflict.ended")
            .of_kind(InstrumentKind::Gauge)
            .rename("another"),
    ]);
    record(&bench, "conflict.ended");
    assert_eq!(
        values(&bench.collect()),
        [("another", 2.0), ("conflict.ended", 1.0)]
    );
    assert_eq!(told(&reports, "conflict.ended"), 0);
}

#[test]
fn whole_numbers_and_fractions_of_one_name_are_reported() {
    let (reports, _listening) = Reports::listen();
    let bench = with_views(Vec::new());
    let meter = bench.gate.meter("lib");
    meter.u64_counter("conflict.number").build().add(1, &[]);
    meter.f64_counter("conflict.number").build().add(0.5, &[]);
    assert_eq!(bench.collect().len(), 2);
    assert_eq!(told(&reports, "`conflict.number` twice"), 1);
}

#[test]
fn a_view_gives_any_name_it_likes() {
    let bench = with_views(vec![View::select("odd").rename("1 odd name, \u{e9}")]);
    bench
        .gate
        .meter("lib")
        .u64_counter("odd")
        .build()
        .add(1, &[]);
    assert_eq!(values(&bench.collect()), [("1 odd name, \u{e9}", 1.0)]);
}
