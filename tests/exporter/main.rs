//! The exporter of metrics, with telemetry, without it, and before it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::{
    global,
    trace::{TraceContextExt, Tracer},
};
use runar_otel::{
    Builder, Counter, ExportFormat, ExportProtocol, ExporterError, Gauge, MetricsExporter,
    MetricsExporterKind,
};
use runar_otel_testing::{assert_metric, scrape, try_scrape};

/// Telemetry runs once per process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn quiet() -> Builder {
    runar_otel::builder()
        .metrics_exporters([])
        .traces_exporters([])
        .without_subscriber()
}

fn calls() -> Counter {
    Counter::new("exporter_calls_total", "Calls").register()
}

#[test]
fn without_telemetry_it_starts_metrics_and_nothing_else() {
    let _alone = alone();
    let exporter = MetricsExporter::new()
        .format(ExportFormat::OpenMetrics)
        .protocol(ExportProtocol::Http)
        .address("127.0.0.1", 0)
        .try_start()
        .unwrap();
    let address = exporter.address().unwrap();
    calls().add(3);
    assert_metric!(scrape(address), "exporter_calls_total", == 3);
    let sampled =
        global::tracer("test").in_span("span", |context| context.span().span_context().is_valid());
    assert!(!sampled, "no spans were asked for");
    exporter.stop();
    assert!(try_scrape(address).is_err());
    quiet().init().unwrap().shutdown().into_result().unwrap();
}

#[test]
fn its_value_may_be_thrown_away() {
    let _alone = alone();
    let port = free_port();
    MetricsExporter::new().address("127.0.0.1", port).start();
    calls().increment();
    assert_metric!(scrape(format!("127.0.0.1:{port}")), "exporter_calls_total", == 1);
    let same = MetricsExporter::new()
        .address("localhost", port)
        .try_start()
        .unwrap();
    assert_eq!(same.address().unwrap().port(), port);
    same.stop();
    assert_metric!(scrape(format!("127.0.0.1:{port}")), "exporter_calls_total", == 1);
    // The one that was thrown away goes on: `init()` ends what it runs on, and is served by it.
    let telemetry = quiet().init().unwrap();
    assert!(try_scrape(format!("127.0.0.1:{port}")).is_ok());
    telemetry.shutdown().into_result().unwrap();
    assert!(try_scrape(format!("127.0.0.1:{port}")).is_err());
}

#[test]
fn an_init_takes_over_and_the_exporter_goes_on() {
    let _alone = alone();
    let exporter = MetricsExporter::new()
        .address("127.0.0.1", 0)
        .try_start()
        .unwrap();
    let calls = calls();
    calls.add(5);
    for _ in 0..2 {
        let telemetry = quiet().init().unwrap();
        calls.increment();
        let address = exporter.address().unwrap();
        assert_metric!(scrape(address), "exporter_calls_total", == 1);
        assert!(telemetry.prometheus_address().is_some());
        telemetry.shutdown().into_result().unwrap();
        assert_eq!(exporter.address(), None);
    }
    exporter.stop();
}

#[test]
fn an_init_that_fails_leaves_the_exporter_alone() {
    let _alone = alone();
    let exporter = MetricsExporter::new()
        .address("127.0.0.1", 0)
        .try_start()
        .unwrap();
    quiet().cardinality_limit(0).init().unwrap_err();
    assert!(try_scrape(exporter.address().unwrap()).is_ok());
    exporter.stop();
}

#[test]
fn the_endpoint_of_telemetry_is_the_exporter() {
    let _alone = alone();
    let port = free_port();
    let telemetry = quiet()
        .metrics_exporters([MetricsExporterKind::Prometheus])
        .prometheus_address("localhost", port)
        .init()
        .unwrap();
    calls().increment();
    for exporter in [
        MetricsExporter::new(),
        MetricsExporter::new().address("localhost", port),
        MetricsExporter::new().address("127.0.0.1", port),
    ] {
        let exporter = exporter.try_start().unwrap();
        assert_eq!(exporter.address(), telemetry.prometheus_address());
        exporter.stop();
    }
    let elsewhere = MetricsExporter::new()
        .address("127.0.0.1", 0)
        .try_start()
        .unwrap();
    assert_ne!(elsewhere.address(), telemetry.prometheus_address());
    for address in [elsewhere.address(), telemetry.prometheus_address()] {
        assert_metric!(scrape(address.unwrap()), "exporter_calls_total", == 1);
    }
    elsewhere.stop();
    assert!(try_scrape(telemetry.prometheus_address().unwrap()).is_ok());
    telemetry.shutdown().into_result().unwrap();
}

#[test]
fn a_page_is_served_again_for_half_of_the_interval() {
    let _alone = alone();
    let value = Gauge::new("exporter_value", "A value").register();
    let served = |interval: u64| {
        let exporter = MetricsExporter::new()
            .interval(Duration::from_millis(interval))
            .address("127.0.0.1", 0);
        let exporter = exporter.try_start().unwrap();
        let address = exporter.address().unwrap();
        value.set(1.0);
        assert_metric!(scrape(address), "exporter_value", == 1);
        value.set(2.0);
        let again = scrape(address);
        (exporter, again)
    };
    let (hour, page) = served(3_600_000);
    assert_metric!(page, "exporter_value", == 1);
    hour.stop();
    let (none, page) = served(0);
    assert_metric!(page, "exporter_value", == 2);
    none.stop();
    let (short, _) = served(200);
    let until = Instant::now() + Duration::from_millis(100);
    while Instant::now() < until {
        std::thread::yield_now();
    }
    assert_metric!(scrape(short.address().unwrap()), "exporter_value", == 2);
    short.stop();
}

#[test]
fn a_port_in_use_is_an_error_and_leaves_nothing_behind() {
    let _alone = alone();
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = busy.local_addr().unwrap().port();
    let error = MetricsExporter::new()
        .address("127.0.0.1", port)
        .try_start()
        .unwrap_err();
    assert!(matches!(error, ExporterError::Address { .. }), "{error:?}");
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
    quiet().init().unwrap().shutdown().into_result().unwrap();
}
