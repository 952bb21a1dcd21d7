//! Telemetry about itself, as its receivers and pages show it.

use std::{net::TcpListener, time::Duration};

use runar_otel::{Builder, Counter, MetricsExporterKind, Protocol, TracesExporterKind};
use runar_otel_testing::{Metrics, OtlpReceiver, assert_metric, scrape};

use crate::receiver::alone;

const POINTS: &str = "otel.sdk.exporter.metric_data_point.exported";
const SPANS: &str = "otel.sdk.exporter.span.exported";

fn builder() -> Builder {
    runar_otel::builder()
        .without_subscriber()
        .metrics_exporters([MetricsExporterKind::Otlp])
        .traces_exporters([])
        .sdk_metrics(true)
}

#[test]
fn a_push_shows_the_points_of_the_one_before() {
    let _alone = alone();
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let receiver = OtlpReceiver::start();
        let telemetry = builder()
            .otlp_endpoint(receiver.endpoint())
            .otlp_protocol(protocol)
            .init()
            .unwrap();
        Counter::new("kit_observed_total", "Calls").register().inc();
        telemetry.force_flush().unwrap();
        let first = receiver.metrics().len();
        telemetry.force_flush().unwrap();
        let received = receiver.received();
        let port = receiver.address().port().to_string();
        let kind = match protocol {
            Protocol::Grpc => "otlp_grpc_metric_exporter",
            _ => "otlp_http_metric_exporter",
        };
        let name = format!("{kind}/0");
        let server = [
            ("otel.component.name", name.as_str()),
            ("otel.component.type", kind),
            ("server.address", "127.0.0.1"),
            ("server.port", &port),
        ];
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let points = Some(first as f64);
        assert_eq!(received.counter(POINTS, &server), points, "{received}");
        let operations = received.histogram("otel.sdk.exporter.operation.duration", &server);
        assert_eq!(operations.unwrap().count, 1);
        let reader = [("otel.component.type", "periodic_metric_reader")];
        let collections = received.histogram("otel.sdk.metric_reader.collection.duration", &reader);
        assert_eq!(collections.unwrap().count, 1);
    }
}

#[test]
fn refusals_count_by_the_answer() {
    let _alone = alone();
    let receiver = OtlpReceiver::start();
    let telemetry = builder().otlp_endpoint(receiver.endpoint()).init().unwrap();
    Counter::new("kit_refused_total", "Calls").register().inc();
    receiver.refuse(1, 400);
    telemetry.force_flush().unwrap_err();
    receiver.refuse(1, 401);
    telemetry.force_flush().unwrap_err();
    telemetry.force_flush().unwrap();
    let received = receiver.received();
    for status in ["400", "401"] {
        let failed = received.counter(POINTS, &[("error.type", status)]);
        assert!(failed.is_some_and(|points| points >= 1.0), "{received}");
        let duration = "otel.sdk.exporter.operation.duration";
        let labels = [
            ("error.type", status),
            ("http.response.status_code", status),
        ];
        assert_eq!(received.histogram(duration, &labels).unwrap().count, 1);
    }
    let failed = received.counter(POINTS, &[("error.type", "400")]);
    let dropped = received.counter("runar_otel.push.dropped", &[("error.type", "bad_data")]);
    assert_eq!(dropped, failed);
}

#[test]
fn a_page_shows_the_one_before_and_a_receiver_that_is_away() {
    let _alone = alone();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let telemetry = builder()
        .metrics_exporters([MetricsExporterKind::Otlp, MetricsExporterKind::Prometheus])
        .prometheus_address("127.0.0.1", 0)
        .otlp_endpoint(endpoint)
        .shutdown_timeout(Duration::from_millis(300))
        .init()
        .unwrap();
    Counter::new("kit_away_total", "Calls").register().inc();
    telemetry.force_flush().unwrap_err();
    let address = telemetry.prometheus_address().unwrap();
    let first = scrape(address);
    let away = [("error_type", "connection_refused")];
    let exported = "otel_sdk_exporter_metric_data_point_exported_total";
    let failed = first.counter(exported, &away);
    assert!(
        failed.is_some_and(|points| points >= 1.0),
        "{}",
        first.text()
    );
    assert!(
        first
            .histogram("runar_otel_scrape_size_bytes", &[])
            .is_none()
    );
    let second = scrape(address);
    let size = second
        .histogram("runar_otel_scrape_size_bytes", &[])
        .unwrap();
    assert_eq!(size.count, 1);
    #[expect(clippy::cast_precision_loss, reason = "a page is small")]
    let first_size = first.text().len() as f64;
    assert!((size.sum - first_size).abs() < 0.5);
    let duration = second.histogram("runar_otel_scrape_duration_seconds", &[]);
    assert_eq!(duration.unwrap().count, 1);
    let page = [(
        "otel_component_name",
        "prometheus_http_text_metric_exporter/0",
    )];
    let collections = "otel_sdk_metric_reader_collection_duration_seconds";
    assert_eq!(second.histogram(collections, &page).unwrap().count, 1);
}

#[test]
fn spans_are_counted_on_their_way_to_a_receiver() {
    let _alone = alone();
    let receiver = OtlpReceiver::start();
    let telemetry = builder()
        .otlp_endpoint(receiver.endpoint())
        .traces_exporters([TracesExporterKind::Otlp])
        .init()
        .unwrap();
    let tracer = opentelemetry::global::tracer("kit");
    let span = || drop(opentelemetry::trace::Tracer::start(&tracer, "observed"));
    span();
    span();
    telemetry.force_flush().unwrap();
    receiver.refuse(1, 400);
    span();
    telemetry.force_flush().unwrap_err();
    telemetry.force_flush().unwrap();
    let received = receiver.received();
    let exporter = ("otel.component.type", "otlp_http_span_exporter");
    assert_metric!(received, "otel.sdk.span.started", == 3);
    assert_metric!(received, "otel.sdk.span.live", == 0);
    assert_metric!(received, "otel.sdk.processor.span.queue.capacity", == 2048);
    assert_metric!(received, "otel.sdk.processor.span.queue.size", == 0);
    assert_metric!(received, "otel.sdk.processor.span.processed", == 3);
    assert_eq!(received.counter(SPANS, &[exporter]), Some(3.0));
    let failed = received.counter(SPANS, &[exporter, ("error.type", "400")]);
    assert!(failed.is_none_or(|spans| spans <= 1.0));
}

#[test]
fn nothing_is_recorded_unless_asked_for() {
    let _alone = alone();
    let receiver = OtlpReceiver::start();
    let telemetry = builder()
        .sdk_metrics(false)
        .otlp_endpoint(receiver.endpoint())
        .init()
        .unwrap();
    Counter::new("kit_unasked_total", "Calls").register().inc();
    for _ in 0..2 {
        telemetry.force_flush().unwrap();
    }
    let own = |name: &str| name.starts_with("otel.sdk.exporter") || name.starts_with("runar_otel.");
    assert!(receiver.metrics().iter().all(|series| !own(&series.name)));
}
