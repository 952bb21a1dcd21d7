//! The Prometheus bridge, both ways, in one process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use prometheus::{
    Encoder as _, IntCounter, Registry, TextEncoder,
    core::{Collector, Desc},
    proto::MetricFamily,
};
use runar_otel::{Counter, Histogram, MetricsExporterKind, View};
use support::{Result, http, python};

/// A collector that panics.
struct Broken(Desc);

impl Broken {
    fn new() -> Self {
        let desc = Desc::new("broken".into(), "Broken".into(), Vec::new(), HashMap::new());
        Self(desc.unwrap())
    }
}

impl Collector for Broken {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        panic!("a panic of a collector, on purpose")
    }
}

/// Telemetry runs once per process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn an_application_with_a_registry_of_its_own_serves_both() -> Result<()> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let registry = Registry::new();
    let own = IntCounter::new("own_total", "Of the application").unwrap();
    registry.register(Box::new(own.clone())).unwrap();
    own.inc_by(3);
    let telemetry = runar_otel::builder()
        .service_name("bridge")
        .metrics_exporters([MetricsExporterKind::Prometheus])
        .traces_exporters([])
        .prometheus_address("127.0.0.1", 0)
        .prometheus_registry(registry.clone())
        .init()
        .expect("telemetry");
    Counter::new("bridge_orders_total", "Orders")
        .register()
        .add(5);
    Histogram::new("bridge_wait_seconds", "Waiting")
        .register()
        .observe(0.3);
    registry
        .register(Box::new(telemetry.prometheus_collector()))
        .expect("joins");

    // Their registry has ours, once, under the same names.
    let mut page = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut page)
        .unwrap();
    let page = String::from_utf8(page).unwrap();
    python::text::parse(&page)?;
    let count =
        |page: &str, start: &str| page.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(count(&page, "bridge_orders_total{"), 1, "{page}");
    assert_eq!(count(&page, "bridge_wait_seconds_count"), 1, "{page}");
    assert_eq!(count(&page, "own_total"), 1, "{page}");

    // Our endpoint has theirs, once.
    let address = telemetry.prometheus_address().expect("bound");
    let ours = http::get(
        &format!("http://{address}/metrics"),
        "application/openmetrics-text; version=1.0.0",
    )?;
    python::openmetrics::parse(&ours.body)?;
    assert_eq!(count(&ours.body, "own_total"), 1, "{}", ours.body);
    assert_eq!(
        count(&ours.body, "bridge_orders_total{"),
        1,
        "{}",
        ours.body
    );
    telemetry
        .shutdown_timeout(Duration::from_secs(10))
        .into_result()
        .expect("a clean end");
    Ok(())
}

#[test]
fn a_bridged_registry_keeps_its_names_and_its_past() -> Result<()> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let registry = Registry::new();
    let own = IntCounter::new("own__past_total", "Of the application").unwrap();
    own.inc_by(3);
    registry.register(Box::new(own)).unwrap();
    let level = prometheus::Gauge::new("own__level", "Of the application").unwrap();
    level.set(0.5);
    registry.register(Box::new(level)).unwrap();
    let broken = Registry::new();
    broken.register(Box::new(Broken::new())).unwrap();
    let telemetry = runar_otel::builder()
        .metrics_exporters([MetricsExporterKind::Prometheus])
        .traces_exporters([])
        .prometheus_address("127.0.0.1", 0)
        .prometheus_registry(registry)
        .prometheus_registry(broken)
        .created_timestamps()
        .init()
        .expect("telemetry");
    Counter::new("bridge_late_total", "").register().add(5);
    Histogram::new("bridge_late_seconds", "")
        .register()
        .observe(0.3);

    let address = telemetry.prometheus_address().expect("bound");
    let page = http::get(
        &format!("http://{address}/metrics"),
        "application/openmetrics-text; version=1.0.0",
    )?;
    let page = page.body;
    python::openmetrics::parse(&page)?;
    for line in ["own__past_total 3.0", "own__level 0.5"] {
        assert!(page.lines().any(|other| other == line), "{line}: {page}");
    }
    // What the registry counts began before telemetry did.
    let created = |start: &str| {
        let line = page.lines().find(|line| line.starts_with(start));
        let value = line.and_then(|line| line.rsplit(' ').next());
        value.and_then(|value| value.parse::<f64>().ok())
    };
    let late = created("bridge_late_created").expect("a start");
    assert!(created("own__past_created").expect("a start") < late);
    assert!(created("bridge_late_seconds_created").is_some(), "{page}");
    drop(telemetry);
    Ok(())
}

#[test]
fn a_reader_of_the_applications_own_sees_what_the_views_made() -> Result<()> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let registry = Registry::new();
    let reader = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .build()
        .expect("a reader");
    let telemetry = runar_otel::builder()
        .metrics_exporters([])
        .traces_exporters([])
        .view(
            View::select("reader_wait_seconds")
                .drop_labels(["user"])
                .buckets(vec![0.5]),
        )
        .reader(reader)
        .init()
        .expect("telemetry");
    let wait = Histogram::new("reader_wait_seconds", "Waiting").register();
    wait.observe_with(0.1, &[("user", "u1")]);
    wait.observe_with(0.9, &[("user", "u2")]);
    let mut page = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut page)
        .unwrap();
    let page = String::from_utf8(page).unwrap();
    python::text::parse(&page)?;
    let count = page
        .lines()
        .find(|line| line.starts_with("reader_wait_seconds_seconds_count"));
    let count = count.or_else(|| {
        page.lines()
            .find(|line| line.starts_with("reader_wait_seconds_count"))
    });
    assert!(count.is_some_and(|line| line.ends_with(" 2")), "{page}");
    assert!(!page.contains("user="), "{page}");
    drop(telemetry);
    Ok(())
}

#[test]
fn all_mistakes_of_the_builder_come_at_once() {
    let refused = runar_otel::builder()
        .otlp_endpoint("https://localhost:4318")
        .metric_interval(Duration::ZERO)
        .view(View::select("a*").rename("b"))
        .view(View::select("c").limit(0))
        .init()
        .expect_err("four mistakes");
    let told = refused.to_string();
    for mistake in ["https://localhost:4318", "metric_interval", "`a*`", "`c`"] {
        assert!(told.contains(mistake), "{mistake}: {told}");
    }
}

#[test]
fn telemetry_runs_once_and_again_after_its_end() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let quiet = || {
        runar_otel::builder()
            .metrics_exporters([])
            .traces_exporters([])
            .init()
    };
    let first = quiet().expect("telemetry");
    assert!(matches!(quiet(), Err(runar_otel::InitError::Running)));
    first.shutdown().into_result().expect("nothing to deliver");
    drop(quiet().expect("telemetry again"));
}
