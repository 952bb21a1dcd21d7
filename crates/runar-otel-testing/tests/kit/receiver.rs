//! The receiver, fed by telemetry itself: over HTTP and gRPC, with refusals.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use runar_otel::{
    Compression, Counter, Histogram, MetricsExporterKind, Protocol, Telemetry,
    TemporalityPreference, TracesExporterKind,
};
use runar_otel_testing::{Metrics, OtlpReceiver, Received, assert_metric};

use crate::panic_message;

const PATIENCE: Duration = Duration::from_secs(20);

/// Telemetry runs once per process.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn telemetry(receiver: &OtlpReceiver, protocol: Protocol) -> Telemetry {
    runar_otel::builder()
        .service_name("kit")
        .otlp_endpoint(receiver.endpoint())
        .otlp_protocol(protocol)
        .otlp_compression(Compression::Gzip)
        .temporality(TemporalityPreference::Delta)
        .metrics_exporters([MetricsExporterKind::Otlp])
        .traces_exporters([TracesExporterKind::Otlp])
        .init()
        .unwrap()
}

fn record() {
    let times = Histogram::new("kit_received_seconds", "Times").register();
    let counter = Counter::new("kit_received_total", "Calls").register();
    tracing::info_span!("received").in_scope(|| {
        times.observe_with(0.2, &[("source", "web")]);
        counter.add(2);
    });
}

fn check(received: &Received, calls: u64) {
    assert_metric!(received, "kit_received_total", == 2 * calls);
    assert_metric!(received, "kit_received_seconds", {"source" => "web"}, count == calls, sum ~ 0.2 * calls as f64);
    let span = received.span("received").unwrap();
    assert_eq!(span.service, "kit");
    let exemplars = received.exemplars("kit_received_seconds", &[]);
    assert!(
        exemplars
            .iter()
            .any(|exemplar| exemplar.trace_id == span.trace_id)
    );
}

fn both_arrive(protocol: Protocol) {
    let receiver = OtlpReceiver::start();
    let telemetry = telemetry(&receiver, protocol);
    for calls in 1..=2 {
        record();
        telemetry.force_flush().unwrap();
        let received = receiver.wait_until(
            |received| {
                let seen = received.histogram("kit_received_seconds", &[]);
                received.spans().len() as u64 == calls
                    && seen.is_some_and(|seen| seen.count == calls)
            },
            PATIENCE,
        );
        check(&received, calls);
    }
    receiver.clear();
    assert!(receiver.metrics().is_empty() && receiver.spans().is_empty());
}

#[test]
fn both_arrive_over_http() {
    let _alone = alone();
    both_arrive(Protocol::HttpProtobuf);
}

#[test]
fn both_arrive_over_grpc() {
    let _alone = alone();
    both_arrive(Protocol::Grpc);
}

#[tokio::test]
async fn both_arrive_within_a_current_thread_runtime() {
    let _alone = alone();
    both_arrive(Protocol::Grpc);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_arrive_within_a_runtime_of_several_threads() {
    let _alone = alone();
    both_arrive(Protocol::HttpProtobuf);
}

#[test]
fn a_refusal_is_seen_and_the_next_delivery_has_it_all() {
    let _alone = alone();
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let receiver = OtlpReceiver::start();
        let telemetry = telemetry(&receiver, protocol);
        record();
        receiver.refuse(usize::MAX, 403);
        telemetry.force_flush().unwrap_err();
        assert!(receiver.received().refused() >= 1);
        assert!(receiver.metrics().is_empty());
        receiver.refuse(0, 200);
        telemetry.force_flush().unwrap();
        assert_metric!(receiver, "kit_received_total", == 2);
    }
}

#[test]
fn a_wait_in_vain_tells_what_is_there() {
    let _alone = alone();
    let receiver = OtlpReceiver::start();
    let telemetry = telemetry(&receiver, Protocol::HttpProtobuf);
    record();
    telemetry.force_flush().unwrap();
    let message = panic_message(std::panic::AssertUnwindSafe(|| {
        receiver.wait_until(|_| false, Duration::from_millis(1));
    }));
    assert!(
        message.contains("\n  kit_received_total 2 (counter)"),
        "{message}"
    );
    assert!(
        message.contains("\n  span \"received\" of trace "),
        "{message}"
    );
}

#[test]
fn the_port_of_a_dropped_receiver_is_free() {
    let receiver = OtlpReceiver::start();
    let address = receiver.address();
    std::net::TcpStream::connect(address).unwrap();
    drop(receiver);
    std::net::TcpListener::bind(address).unwrap();
}
