//! The guard and the builder, as an application meets them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, Weak, mpsc},
    thread,
    time::Duration,
};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{InstrumentKind, Pipeline, Temporality, data::ResourceMetrics, reader::MetricReader},
};
use runar_otel::{Builder, Counter, Gauge, Histogram, Timer};
use tracing_subscriber::layer::SubscriberExt as _;

/// Telemetry runs once per process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn quiet() -> Builder {
    runar_otel::builder()
        .metrics_exporters([])
        .traces_exporters([])
        .without_subscriber()
}

#[test]
fn a_bound_without_end_is_a_bound() {
    let _alone = alone();
    let telemetry = quiet().init().unwrap();
    let flushed = thread::scope(|scope| {
        let flush = scope.spawn(|| telemetry.force_flush_timeout(Duration::MAX).is_ok());
        flush.join()
    });
    let ended = thread::spawn(|| telemetry.shutdown_timeout(Duration::MAX).is_complete()).join();
    assert!(matches!((flushed, ended), (Ok(true), Ok(true))));
    quiet().init().unwrap().shutdown().into_result().unwrap();
}

#[test]
fn a_patience_without_end_ends() {
    let _alone = alone();
    let telemetry = quiet().shutdown_timeout(Duration::MAX).init().unwrap();
    assert!(thread::spawn(move || drop(telemetry)).join().is_ok());
    quiet().init().unwrap().shutdown().into_result().unwrap();
}

#[test]
fn a_limit_of_no_series_is_a_mistake() {
    let _alone = alone();
    for limit in [0, usize::MAX] {
        assert!(quiet().cardinality_limit(limit).init().is_err(), "{limit}");
    }
    assert!(quiet().series_ceiling(0).init().is_err());
}

#[test]
fn a_bridged_registry_is_not_passed_on() {
    let _alone = alone();
    let theirs = prometheus::Registry::new();
    let counter = prometheus::IntCounter::new("theirs_total", "Theirs").unwrap();
    theirs.register(Box::new(counter)).unwrap();
    let telemetry = quiet().prometheus_registry(theirs).init().unwrap();
    Counter::new("guard_ours_total", "").register().increment();
    let served = prometheus::Registry::new();
    served
        .register(Box::new(telemetry.prometheus_collector()))
        .unwrap();
    let names: Vec<String> = served
        .gather()
        .iter()
        .map(|family| family.name().to_owned())
        .collect();
    assert!(names.contains(&"guard_ours_total".to_owned()), "{names:?}");
    assert!(!names.contains(&"theirs_total".to_owned()), "{names:?}");
}

#[test]
fn a_collector_that_outlives_its_telemetry_is_empty() {
    let _alone = alone();
    let registry = prometheus::Registry::new();
    let telemetry = quiet().init().unwrap();
    registry
        .register(Box::new(telemetry.prometheus_collector()))
        .unwrap();
    let counter = Counter::new("guard_lives_total", "").register();
    counter.increment();
    assert!(!registry.gather().is_empty());
    telemetry.shutdown().into_result().unwrap();
    let telemetry = quiet().init().unwrap();
    counter.add(10);
    let stale = registry
        .gather()
        .iter()
        .any(|family| family.name() == "guard_lives_total");
    assert!(!stale, "the totals of the first life are still served");
    telemetry.shutdown().into_result().unwrap();
}

/// A reader that never finishes a flush.
#[derive(Debug)]
struct Hanging(Mutex<mpsc::Receiver<()>>);

impl MetricReader for Hanging {
    fn register_pipeline(&self, _: Weak<Pipeline>) {}

    fn collect(&self, _: &mut ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self, _: InstrumentKind) -> Temporality {
        Temporality::Cumulative
    }
}

#[test]
fn a_reader_that_hangs_is_told_and_left_behind() {
    let _alone = alone();
    let (release, held) = mpsc::channel();
    let telemetry = quiet().reader(Hanging(Mutex::new(held))).init().unwrap();
    let hung = telemetry.force_flush_timeout(Duration::from_millis(50));
    assert!(hung.unwrap_err().to_string().contains("attached reader"));
    drop(release);
    telemetry.shutdown().into_result().unwrap();
    quiet().init().unwrap().force_flush().unwrap();
}

struct CountEvents(Counter);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for CountEvents {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let level = event.metadata().level().as_str();
        self.0.increment_with(&[("level", level)]);
    }
}

/// Last by name: it sets the subscriber of the process.
#[test]
fn z_a_layer_may_count_all_events_of_the_process() {
    use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};
    let _alone = alone();
    let events = Counter::new("guard_events_total", "").register();
    tracing_subscriber::registry()
        .with(runar_otel::layer())
        .with(CountEvents(events))
        .init();
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        let telemetry = quiet().init().unwrap();
        Counter::new("guard_other_total", "").register().increment();
        tracing::info!("one");
        let _ = telemetry.force_flush();
        done.send(telemetry.shutdown().is_complete()).unwrap();
    });
    assert_eq!(finished.recv_timeout(Duration::from_secs(20)), Ok(true));
}

/// The document's service, as far as metrics go.
struct MyService {
    name: String,
    request_counter: Counter,
    active_requests: Gauge,
    response_time: Histogram,
}

impl MyService {
    fn new(name: &str) -> Self {
        let request_counter = Counter::new("service_requests_total", "Total service requests")
            .with_label("service", name)
            .register();
        let active_requests = Gauge::new("service_active_requests", "Active service requests")
            .with_label("service", name)
            .register();
        let response_time =
            Histogram::new("service_response_time_seconds", "Service response time")
                .with_label("service", name)
                .with_buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0])
                .register();
        Self {
            name: name.to_string(),
            request_counter,
            active_requests,
            response_time,
        }
    }

    async fn handle_request(&self) -> usize {
        self.request_counter.increment();
        self.active_requests.increment();
        let timer = self.response_time.start_timer();
        let result = std::future::ready(self.name.len()).await;
        timer.stop();
        self.active_requests.decrement();
        result
    }
}

#[tokio::test]
async fn the_examples_of_the_document_work() {
    let requests_counter = Counter::new("http_requests_total", "Total HTTP requests")
        .with_label("service", "api_gateway")
        .register();
    requests_counter.increment();
    let response_time = Histogram::new(
        "http_response_time_seconds",
        "HTTP response time in seconds",
    )
    .with_buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
    .register();
    response_time.observe(0.42);
    let connections = Gauge::new("active_connections", "Number of active connections").register();
    connections.set(42.0);
    let operation_timer =
        Timer::new("operation_duration_seconds", "Time to complete operation").register();
    let timer_handle = operation_timer.start();
    timer_handle.stop();
    let service = tokio::spawn(async { MyService::new("orders").handle_request().await });
    assert_eq!(service.await.unwrap(), 6);
}

/// What is reported on this thread.
#[derive(Clone, Default)]
struct Said(std::sync::Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Said {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "runar_otel" {
            let mut said = String::new();
            event.record(
                &mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                    said = format!("{value:?}");
                },
            );
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(said);
        }
    }
}

/// A report of a layer goes to the subscriber of the process.
#[test]
fn meters_that_come_too_early_are_told() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "makes_meters_too_early", "--ignored"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
}

#[test]
#[ignore = "run by the test above"]
fn makes_meters_too_early() {
    let said = Said::default();
    let subscriber = tracing_subscriber::registry()
        .with(runar_otel::layer())
        .with(said.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    for _ in 0..2 {
        let meter = opentelemetry::global::meter("too.early");
        meter.u64_counter("early").build().add(1, &[]);
    }
    let telemetry = quiet().init().unwrap();
    let _ = opentelemetry::global::meter("in.time");
    telemetry.shutdown().into_result().unwrap();
    assert!(runar_otel_core::report::flush(Duration::from_secs(20)));
    let mut said = said.0.lock().unwrap().clone();
    said.retain(|line| line.starts_with("meter `"));
    assert_eq!(
        said,
        [
            "meter `too.early` was made while telemetry did not run: its instruments record nothing, also later; expected \
          `init()` before it"
        ]
    );
}
