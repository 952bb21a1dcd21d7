//! The gate, as third-party code sees it: an OpenTelemetry meter provider.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Context, KeyValue,
    metrics::{AsyncInstrument, MeterProvider},
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use runar_otel_core::{
    exemplar::{Exemplar, ExemplarFilter, ExemplarReservoir, Measurement, Reservoir},
    gate::{GateOptions, View},
    metric::Aggregation,
    name::{DEFAULT_BUCKETS, SECONDS_BUCKETS},
};

use crate::{chain::Reports, reader::Bench};

fn options(views: Vec<View>) -> GateOptions {
    let mut options = GateOptions::default();
    options.views = views;
    options
}

fn plain() -> Bench {
    Bench::new(GateOptions::default())
}

fn in_span<R>(work: impl FnOnce() -> R) -> R {
    let ids = (TraceId::from(0xabc), SpanId::from(0xdef));
    let span = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::NONE);
    let _active = Context::new().with_remote_span_context(span).attach();
    work()
}

fn label(key: &'static str, value: &'static str) -> KeyValue {
    KeyValue::new(key, value)
}

#[test]
fn all_sixteen_constructors_record() {
    let bench = plain();
    let meter = bench.gate.meter("lib");
    meter.u64_counter("c.u64").build().add(1, &[]);
    meter.f64_counter("c.f64").build().add(1.0, &[]);
    meter.i64_up_down_counter("ud.i64").build().add(1, &[]);
    meter.f64_up_down_counter("ud.f64").build().add(1.0, &[]);
    meter.u64_gauge("g.u64").build().record(1, &[]);
    meter.i64_gauge("g.i64").build().record(1, &[]);
    meter.f64_gauge("g.f64").build().record(1.0, &[]);
    meter.f64_histogram("h.f64").build().record(1.0, &[]);
    meter.u64_histogram("h.u64").build().record(1, &[]);
    meter
        .u64_observable_counter("oc.u64")
        .with_callback(|o| o.observe(1, &[]))
        .build();
    meter
        .f64_observable_counter("oc.f64")
        .with_callback(|o| o.observe(1.0, &[]))
        .build();
    meter
        .i64_observable_up_down_counter("oud.i64")
        .with_callback(|o| o.observe(1, &[]))
        .build();
    meter
        .f64_observable_up_down_counter("oud.f64")
        .with_callback(|o| o.observe(1.0, &[]))
        .build();
    meter
        .u64_observable_gauge("og.u64")
        .with_callback(|o| o.observe(1, &[]))
        .build();
    meter
        .i64_observable_gauge("og.i64")
        .with_callback(|o| o.observe(1, &[]))
        .build();
    meter
        .f64_observable_gauge("og.f64")
        .with_callback(|o| o.observe(1.0, &[]))
        .build();
    let points = bench.collect();
    assert_eq!(points.len(), 16, "{points:#?}");
    assert!(
        points
            .iter()
            .all(|point| (point.value - 1.0).abs() < f64::EPSILON),
        "{points:#?}"
    );
}

#[test]
fn bound_and_unbound_share_a_series_and_its_exemplars() {
    let bench = plain();
    let counter = bench.gate.meter("lib").u64_counter("bound").build();
    let bound = counter.bind(&[label("b", "2"), label("a", "1")]);
    in_span(|| bound.add(2));
    in_span(|| counter.add(3, &[label("a", "1"), label("b", "2")]));
    assert_eq!(bench.exemplars("bound").len(), 1);
    let point = bench.one("bound");
    assert!((point.value - 5.0).abs() < f64::EPSILON);
    assert_eq!(point.labels, [label("a", "1"), label("b", "2")]);
}

#[test]
fn a_bound_handle_without_measurements_exports_nothing() {
    let bench = plain();
    let gauge = bench.gate.meter("lib").f64_gauge("idle").build();
    let _bound = gauge.bind(&[label("a", "1")]);
    assert!(bench.collect().is_empty());
}

#[test]
fn trace_based_takes_exemplars_only_inside_sampled_spans() {
    let bench = plain();
    let counter = bench.gate.meter("lib").u64_counter("traced").build();
    counter.add(1, &[]);
    assert!(bench.exemplars("traced").is_empty());
    in_span(|| counter.add(1, &[]));
    let taken = bench.exemplars("traced");
    assert_eq!(taken[0].1[0].span.unwrap().trace_id, TraceId::from(0xabc));
}

#[test]
fn always_off_takes_none_always_on_those_of_callbacks_too() {
    for (filter, expected) in [
        (ExemplarFilter::AlwaysOff, 0),
        (ExemplarFilter::AlwaysOn, 1),
    ] {
        let mut options = GateOptions::default();
        options.exemplar_filter = filter;
        let bench = Bench::new(options);
        let meter = bench.gate.meter("lib");
        in_span(|| meter.u64_counter("sync").build().add(1, &[]));
        meter
            .u64_observable_counter("async")
            .with_callback(|o| o.observe(1, &[]))
            .build();
        bench.gate.streams().observe(|_| 1);
        let of = |name: &str| bench.exemplars(name).len();
        assert_eq!((of("sync"), of("async")), (expected, expected));
    }
}

#[test]
fn a_duplicate_key_counts_once_and_its_last_value_wins() {
    let bench = plain();
    let counter = bench.gate.meter("lib").u64_counter("twice").build();
    counter.add(1, &[label("a", "1"), label("a", "2")]);
    counter.add(1, &[label("a", "2")]);
    let point = bench.one("twice");
    assert_eq!(point.labels, [label("a", "2")]);
    assert!((point.value - 2.0).abs() < f64::EPSILON);
}

#[test]
fn seconds_have_seconds_buckets() {
    let bench = plain();
    let meter = bench.gate.meter("lib");
    meter
        .f64_histogram("d")
        .with_unit("s")
        .build()
        .record(0.1, &[]);
    meter
        .f64_histogram("n")
        .with_unit("{x}")
        .build()
        .record(0.1, &[]);
    meter
        .f64_histogram("own")
        .with_unit("s")
        .with_boundaries(vec![1.0])
        .build()
        .record(0.1, &[]);
    let points = bench.collect();
    let bounds = |metric: &str| {
        points
            .iter()
            .find(|p| p.metric == metric)
            .unwrap()
            .bounds
            .clone()
    };
    assert_eq!(bounds("d"), SECONDS_BUCKETS);
    assert_eq!(bounds("n"), DEFAULT_BUCKETS);
    assert_eq!(bounds("own"), [1.0]);
}

#[test]
fn a_view_renames_filters_and_sets_buckets_and_exemplars_follow() {
    let view = View::select("lat*")
        .drop_labels(["user"])
        .buckets(vec![1.0, 10.0]);
    let rename = View::select("old").rename("new").describe("renamed");
    let bench = Bench::new(options(vec![view, rename]));
    let meter = bench.gate.meter("lib");
    let histogram = meter.f64_histogram("latency").build();
    in_span(|| histogram.record(0.5, &[label("user", "u1"), label("route", "/x")]));
    in_span(|| histogram.record(5.0, &[label("route", "/x"), label("user", "u2")]));
    in_span(|| meter.u64_counter("old").build().add(1, &[]));
    let taken = bench.exemplars("latency");
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].0, [label("route", "/x")]);
    assert_eq!(taken[0].1[0].filtered_attributes, [label("user", "u1")]);
    assert_eq!(taken[0].1[1].filtered_attributes, [label("user", "u2")]);
    assert_eq!(bench.exemplars("old").len(), 0);
    let points = bench.collect();
    let latency = points.iter().find(|p| p.metric == "latency").unwrap();
    assert_eq!(
        (latency.labels.as_slice(), latency.bounds.as_slice()),
        (&[label("route", "/x")][..], &[1.0, 10.0][..])
    );
    assert!(points.iter().any(|p| p.metric == "new"));
}

#[test]
fn exemplars_follow_a_renamed_stream() {
    let bench = Bench::new(options(vec![View::select("old").rename("new")]));
    let counter = bench.gate.meter("lib").u64_counter("old").build();
    in_span(|| counter.add(1, &[]));
    assert_eq!(bench.exemplars("new").len(), 1);
}

#[test]
fn two_views_make_two_streams_and_drop_makes_none() {
    let views = vec![
        View::select("x").keep_labels(["a"]).rename("by_a"),
        View::select("x").keep_labels(["b"]).rename("by_b"),
        View::select("gone").aggregation(Aggregation::Drop),
    ];
    let bench = Bench::new(options(views));
    let meter = bench.gate.meter("lib");
    meter
        .u64_counter("x")
        .build()
        .add(1, &[label("a", "1"), label("b", "2")]);
    meter.u64_counter("gone").build().add(1, &[]);
    let mut names: Vec<_> = bench
        .collect()
        .into_iter()
        .map(|p| (p.metric, p.labels))
        .collect();
    names.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [
        ("by_a".to_owned(), vec![label("a", "1")]),
        ("by_b".to_owned(), vec![label("b", "2")]),
    ];
    assert_eq!(names, expected);
}

#[test]
fn observations_that_a_view_makes_equal_are_added_up() {
    let bench = Bench::new(options(vec![View::select("*").drop_labels(["core"])]));
    let observe = |o: &dyn AsyncInstrument<u64>| {
        o.observe(2, &[label("core", "0"), label("mode", "user")]);
        o.observe(3, &[label("core", "1"), label("mode", "user")]);
    };
    bench
        .gate
        .meter("lib")
        .u64_observable_counter("cpu")
        .with_callback(observe)
        .build();
    let point = bench.one("cpu");
    assert!((point.value - 5.0).abs() < f64::EPSILON);
    assert_eq!(point.labels, [label("mode", "user")]);
}

#[test]
fn a_reservoir_can_be_chosen_per_stream() {
    let views = vec![
        View::select("many").reservoir(Reservoir::FixedSize(3)),
        View::select("none").reservoir(Reservoir::Off),
    ];
    let bench = Bench::new(options(views));
    let meter = bench.gate.meter("lib");
    for name in ["many", "none"] {
        let counter = meter.u64_counter(name).build();
        (0..10).for_each(|_| in_span(|| counter.add(1, &[])));
    }
    assert_eq!(bench.exemplars("many")[0].1.len(), 3);
    assert!(bench.exemplars("none").is_empty());
}

#[test]
fn a_panicking_callback_spoils_only_its_own_values() {
    let bench = plain();
    let meter = bench.gate.meter("lib");
    meter
        .u64_observable_gauge("bad")
        .with_callback(|_| panic!("bad callback"))
        .build();
    meter
        .u64_observable_gauge("good")
        .with_callback(|o| o.observe(1, &[]))
        .build();
    for _ in 0..2 {
        assert!((bench.one("good").value - 1.0).abs() < f64::EPSILON);
    }
}

#[test]
fn a_callback_may_create_instruments() {
    let bench = plain();
    let meter = bench.gate.meter("lib");
    let gate = bench.gate.clone();
    meter
        .u64_observable_gauge("trigger")
        .with_callback(move |o| {
            let late = gate.meter("lib").u64_counter("late").build();
            late.add(1, &[]);
            late.bind(&[]).add(1);
            gate.meter("lib")
                .u64_observable_gauge("later")
                .with_callback(|o| o.observe(7, &[]))
                .build();
            o.observe(1, &[]);
        })
        .build();
    bench.collect();
    let points = bench.collect();
    let value = |metric: &str| points.iter().find(|p| p.metric == metric).map(|p| p.value);
    assert_eq!(value("late"), Some(2.0));
    assert_eq!(value("later"), Some(7.0));
}

#[test]
fn not_finite_measurements_leave_no_exemplar() {
    let bench = plain();
    let histogram = bench.gate.meter("lib").f64_histogram("odd").build();
    in_span(|| histogram.record(f64::NAN, &[]));
    in_span(|| histogram.record(f64::INFINITY, &[]));
    assert!(bench.exemplars("odd").is_empty());
}

#[test]
fn observations_do_not_belong_to_the_span_of_who_collects() {
    let bench = plain();
    let meter = bench.gate.meter("lib");
    meter
        .u64_observable_gauge("observed")
        .with_callback(|o| o.observe(1, &[]))
        .build();
    in_span(|| bench.collect());
    assert!(bench.exemplars("observed").is_empty());
}

#[test]
fn two_instruments_of_one_name_are_told_apart_and_reported() {
    let (reports, _listening) = Reports::listen();
    let bench = plain();
    let meter = bench.gate.meter("lib");
    for _ in 0..2 {
        meter
            .u64_counter("gate.twice")
            .with_unit("By")
            .build()
            .add(1, &[]);
        meter
            .u64_counter("gate.twice")
            .with_unit("s")
            .build()
            .add(1, &[]);
    }
    assert_eq!(bench.collect().len(), 2);
    let told = reports.0.lock().unwrap();
    assert_eq!(
        told.iter()
            .filter(|message| message.contains("`gate.twice` twice"))
            .count(),
        1,
        "{told:?}"
    );
}

#[test]
fn of_names_that_differ_by_case_the_first_spelling_stays() {
    let bench = plain();
    let meter = bench.gate.meter("lib");
    meter.u64_counter("Gate.Case").build().add(1, &[]);
    meter.u64_counter("gate.case").build().add(2, &[]);
    let point = bench.one("Gate.Case");
    assert!((point.value - 3.0).abs() < f64::EPSILON);
}

#[test]
fn a_view_describes_anew() {
    let bench = Bench::new(options(vec![View::select("told").describe("by the view")]));
    bench
        .gate
        .meter("lib")
        .u64_counter("told")
        .with_description("by the code")
        .build()
        .add(1, &[]);
    assert_eq!(bench.one("told").description, "by the view");
}

#[test]
fn an_exemplar_has_the_time_of_its_measurement() {
    let bench = plain();
    let counter = bench.gate.meter("lib").u64_counter("timed").build();
    let before = std::time::SystemTime::now();
    in_span(|| counter.add(1, &[]));
    let after = std::time::SystemTime::now();
    let time = bench.exemplars("timed")[0].1[0].time;
    assert!((before..=after).contains(&time));
}

/// Value, attributes and trace.
type Seen = (f64, Vec<KeyValue>, TraceId);

/// Keeps what it is offered.
#[derive(Clone, Default)]
struct Offered(Arc<Mutex<Vec<Seen>>>);

impl ExemplarReservoir for Offered {
    fn offer(&mut self, measurement: &Measurement<'_>) {
        let time = measurement.timestamp();
        let age = SystemTime::now().duration_since(time).unwrap();
        assert!(age < Duration::from_secs(60));
        let context = measurement.context();
        self.0.lock().unwrap().push((
            measurement.value(),
            measurement.attributes().to_vec(),
            context.span().span_context().trace_id(),
        ));
    }

    fn collect(&mut self) -> Vec<Exemplar> {
        Vec::new()
    }
}

#[test]
fn a_reservoir_is_offered_everything_about_a_measurement() {
    let offered = Offered::default();
    let kept = offered.clone();
    let reservoir = Reservoir::custom(move |_| kept.clone());
    let view = View::select("offered").drop_labels(["a"]);
    let bench = Bench::new(options(vec![view.reservoir(reservoir)]));
    let counter = bench.gate.meter("lib").u64_counter("offered").build();
    in_span(|| counter.add(3, &[label("a", "1")]));
    let expected = (3.0, vec![label("a", "1")], TraceId::from(0xabc));
    assert_eq!(*offered.0.lock().unwrap(), [expected]);
}
