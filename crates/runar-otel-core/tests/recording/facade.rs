//! The handles that applications use. They share one provider in this process: each test has its own names.

use std::{
    panic::{RefUnwindSafe, UnwindSafe},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use opentelemetry::KeyValue;
use runar_otel_core::{
    __private::{MetricSite, SiteKind, observe, set},
    Counter, Gauge, Histogram, Timer, UpDownCounter,
    error::RegisterError,
    gate::GateOptions,
    install,
};

use crate::{
    chain::Reports,
    reader::{Bench, Point},
};

static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| {
    Counter::new("facade_early_total", "Made before the provider")
        .register()
        .add(100);
    Gauge::new("facade_early_gauge", "Set before the provider")
        .register()
        .set(5.0);
    let bench = Bench::new(GateOptions::default());
    install(bench.gate.clone());
    Mutex::new(bench)
});

/// One test at a time: a delta belongs to who collects it.
pub(crate) fn bench() -> MutexGuard<'static, Bench> {
    BENCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a new provider in the place of one that a test has put aside: a provider that was replaced has ended.
pub(crate) fn renew(bench: &mut Bench) {
    *bench = Bench::new(GateOptions::default());
    install(bench.gate.clone());
}

fn points(bench: &Bench, metric: &str) -> Vec<Point> {
    bench
        .collect()
        .into_iter()
        .filter(|point| point.metric == metric)
        .collect()
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn a_handle_made_before_the_provider_records_after_it() {
    let early = Counter::new("facade_before_total", "").register();
    let bench = bench();
    early.add(2);
    assert!(same(bench.one("facade_before_total").value, 2.0));
}

#[test]
fn a_gauge_keeps_what_was_set_before_the_provider() {
    let bench = bench();
    assert!(same(bench.one("facade_early_gauge").value, 5.0));
}

#[test]
fn counters_count_in_all_ways() {
    let bench = bench();
    let counter = Counter::new("facade_requests_total", "Requests")
        .with_label("service", "api")
        .with_unit("{request}")
        .register();
    counter.increment();
    counter.inc();
    counter.add(2);
    counter.inc_by(3);
    counter.increment_with(&[("method", "GET")]);
    counter.inc_by_with(4, &[("service", "other")]);
    let all = points(&bench, "facade_requests_total");
    let value = |labels: &[KeyValue]| all.iter().find(|p| p.labels == labels).map(|p| p.value);
    let service = KeyValue::new("service", "api");
    assert_eq!(value(std::slice::from_ref(&service)), Some(7.0));
    assert_eq!(value(&[KeyValue::new("method", "GET"), service]), Some(1.0));
    assert_eq!(value(&[KeyValue::new("service", "other")]), Some(4.0));
    assert_eq!(all[0].unit, "{request}");
}

#[test]
fn a_counter_refuses_what_would_shrink_it() {
    let bench = bench();
    let counter = Counter::<f64>::of("facade_energy_joules_total", "").register();
    counter.add(1.5);
    counter.add(-1.0);
    counter.add(f64::NAN);
    counter.add_with(f64::INFINITY, &[]);
    let point = bench.one("facade_energy_joules_total");
    assert!(same(point.value, 1.5));
    assert_eq!(point.unit, "J");
}

#[test]
fn an_annotation_is_no_contradiction_to_no_unit() {
    let declare = |name: &'static str| Counter::new(name, "");
    declare("facade_plain_total").register().add(0);
    let annotated = |unit: &'static str| declare("facade_plain_total").with_unit(unit);
    annotated("{request}").try_register().unwrap().add(0);
    annotated("By").try_register().unwrap_err();
    let noted = declare("facade_noted_total").with_unit("{request}");
    noted.try_register().unwrap().add(0);
    let other = declare("facade_noted_total").with_unit("{event}");
    other.try_register().unwrap_err();
    declare("facade_noted_total").try_register().unwrap().add(0);
}

#[test]
fn up_down_counters_grow_and_shrink() {
    let bench = bench();
    let queued = UpDownCounter::new("facade_queue", "").register();
    queued.add(5);
    queued.decrement();
    queued.dec();
    queued.inc();
    queued.decrement_with(&[]);
    assert!(same(bench.one("facade_queue").value, 3.0));
}

#[test]
fn a_gauge_is_set_and_changed() {
    let bench = bench();
    let gauge = Gauge::new("facade_connections", "").register();
    assert!(points(&bench, "facade_connections").is_empty());
    gauge.set(40.0);
    gauge.increment();
    gauge.inc();
    gauge.decrement();
    gauge.add(10.0);
    gauge.sub(1.0);
    Gauge::new("facade_connections", "").register().inc();
    assert!(same(bench.one("facade_connections").value, 51.0));
    gauge.set_with(1.0, &[("network", "a")]);
    gauge.increment_with(&[("network", "a")]);
    assert_eq!(points(&bench, "facade_connections").len(), 2);
}

#[test]
fn the_same_declaration_gives_the_same_series() {
    let bench = bench();
    for _ in 0..2 {
        Counter::new("facade_same_total", "")
            .with_label("a", "1")
            .try_register()
            .unwrap()
            .inc();
    }
    assert!(same(bench.one("facade_same_total").value, 2.0));
}

#[test]
fn the_first_number_type_of_a_name_wins() {
    let bench = bench();
    let whole = Counter::new("facade_number_total", "").register();
    let other = Counter::<f64>::of("facade_number_total", "").register();
    whole.add(1);
    other.add(2.0);
    assert!(same(bench.one("facade_number_total").value, 3.0));
}

#[test]
fn a_call_site_of_whole_numbers_may_join_a_metric_of_them() {
    static SESSIONS: MetricSite = MetricSite::new("facade_sessions", SiteKind::Gauge, &[]);
    static SIZES: MetricSite = MetricSite::new("facade_sizes_bytes", SiteKind::Histogram, &[]);
    static RATIO: MetricSite = MetricSite::new("facade_sessions", SiteKind::Gauge, &[]);
    let (reports, _listening) = Reports::listen();
    let bench = bench();
    let _sessions = Gauge::<u64>::of("facade_sessions", "").register();
    let _sizes = Histogram::<u64>::of("facade_sizes_bytes", "").register();
    set(&SESSIONS, 3_usize, &[]);
    assert!(same(bench.one("facade_sessions").value, 3.0));
    observe(&SIZES, 5_usize, &[]);
    assert!(same(bench.one("facade_sizes_bytes").value, 5.0));
    assert_eq!(*reports.0.lock().unwrap(), [""; 0]);

    set(&RATIO, 0.5, &[]);
    let said = reports.0.lock().unwrap();
    assert!(said.iter().any(|said| said.contains("values are rounded")));
}

#[test]
fn another_kind_of_a_name_is_refused_and_harmless() {
    let bench = bench();
    Counter::new("facade_kind", "").register().inc();
    let refused = Histogram::new("facade_kind", "")
        .try_register()
        .unwrap_err();
    assert!(matches!(refused, RegisterError::Kind { .. }));
    let message = refused.to_string();
    assert!(
        message.contains("is a Histogram, but") && message.contains("facade.rs:"),
        "{message}"
    );
    Histogram::new("facade_kind", "").register().observe(1.0);
    assert!(same(bench.one("facade_kind").value, 1.0));
}

#[test]
fn of_two_units_the_first_stays() {
    let bench = bench();
    Counter::new("facade_unit", "")
        .with_unit("By")
        .register()
        .inc();
    let refused = Counter::new("facade_unit", "")
        .with_unit("s")
        .try_register()
        .unwrap_err();
    assert!(matches!(refused, RegisterError::UnitConflict { .. }));
    Counter::new("facade_unit", "")
        .with_unit("s")
        .register()
        .inc();
    Counter::new("facade_unit", "")
        .try_register()
        .unwrap()
        .inc();
    let point = bench.one("facade_unit");
    assert!(same(point.value, 3.0));
    assert_eq!(point.unit, "By");
}

#[test]
fn histograms_of_one_name_keep_their_own_buckets() {
    let bench = bench();
    let coarse = Histogram::new("facade_time_seconds", "")
        .with_buckets(vec![1.0, 2.0])
        .register();
    let fine = Histogram::new("facade_time_seconds", "")
        .with_buckets(vec![0.1, 0.2])
        .register();
    let joined = Histogram::new("facade_time_seconds", "").register();
    coarse.observe(1.0);
    fine.observe(0.1);
    joined.observe(1.0);
    let mut all = points(&bench, "facade_time_seconds");
    all.sort_by(|one, other| one.bounds[0].total_cmp(&other.bounds[0]));
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[0].bounds.as_slice(), all[0].scope.len()),
        (&[0.1, 0.2][..], 1)
    );
    assert_eq!(
        (all[1].bounds.as_slice(), all[1].scope.len()),
        (&[1.0, 2.0][..], 0)
    );
    assert!(same(all[1].value, 2.0));
}

#[test]
fn mistakes_name_the_rule() {
    let message = |refused: RegisterError| refused.to_string();
    let histogram = |bounds| {
        Histogram::new("facade_x", "")
            .with_buckets(bounds)
            .try_register()
    };
    assert_eq!(
        message(Counter::new("2fast", "").try_register().unwrap_err()),
        "metric name `2fast` starts with `2`: expected a letter"
    );
    assert_eq!(
        message(histogram(vec![1.0, 0.5]).unwrap_err()),
        "metric `facade_x`: bucket bounds must increase: 0.5 follows 1"
    );
    let reserved = Histogram::new("facade_x", "")
        .with_label("le", "1")
        .try_register();
    assert!(matches!(reserved, Err(RegisterError::ReservedLabel { .. })));
    let empty = Counter::new("facade_x", "")
        .with_label("", "1")
        .try_register();
    assert!(matches!(empty, Err(RegisterError::EmptyLabel { .. })));
    Counter::new("2fast", "").register().inc();
}

#[test]
fn handles_may_be_used_where_a_panic_is_caught() {
    fn is_safe<T: UnwindSafe + RefUnwindSafe>() {}
    is_safe::<Counter<u64>>();
    is_safe::<Counter<f64>>();
    is_safe::<UpDownCounter<i64>>();
    is_safe::<Gauge<f64>>();
    is_safe::<Histogram<f64>>();
    is_safe::<Timer>();
}
