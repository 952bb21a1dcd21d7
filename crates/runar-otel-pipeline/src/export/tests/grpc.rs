//! Exports over gRPC.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
    metrics_service_server::{MetricsService, MetricsServiceServer},
};
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Response, Status as GrpcStatus,
    codec::CompressionEncoding,
    metadata::MetadataMap,
    transport::{Server, server::TcpIncoming},
};
use tonic_types::{ErrorDetails, StatusExt};

use super::{free_port, options, partial, request};
use crate::export::{
    AttemptError, Compression, Delivered, ExportError, OtlpExporter, OtlpOptions, Protocol, Status,
};

type Answer = Result<ExportMetricsServiceResponse, GrpcStatus>;
type Seen = Arc<Mutex<Vec<(MetadataMap, ExportMetricsServiceRequest)>>>;

/// Gives the responses in order, then none at all, and remembers the requests.
struct Scripted {
    script: Mutex<Vec<Answer>>,
    seen: Seen,
}

#[tonic::async_trait]
impl MetricsService for Scripted {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, GrpcStatus> {
        let (metadata, _, message) = request.into_parts();
        self.seen.lock().unwrap().push((metadata, message));
        let next = self.script.lock().unwrap().pop();
        match next {
            Some(answer) => answer.map(Response::new),
            None => std::future::pending().await,
        }
    }
}

async fn serve(port: u16, mut script: Vec<Answer>) -> (String, Seen) {
    script.reverse();
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let service = Scripted {
        script: Mutex::new(script),
        seen: seen.clone(),
    };
    let service = MetricsServiceServer::new(service).accept_compressed(CompressionEncoding::Gzip);
    let server = Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    (url, seen)
}

fn exporter(url: &str, adjust: impl FnOnce(&mut OtlpOptions)) -> OtlpExporter {
    let mut options = options(Protocol::Grpc, url);
    adjust(&mut options);
    OtlpExporter::new(&options).unwrap()
}

async fn export(script: Vec<Answer>) -> (Result<Delivered, ExportError>, Seen) {
    let (url, seen) = serve(0, script).await;
    let outcome = exporter(&url, |_| ()).export(request("app.calls")).await;
    (outcome, seen)
}

fn with_retry_info(code: Code, delay: Duration) -> GrpcStatus {
    let details = ErrorDetails::with_retry_info(Some(delay));
    GrpcStatus::with_error_details(code, "later", details)
}

#[test]
fn making_an_exporter_needs_no_runtime() {
    exporter("http://localhost:4317", |_| ());
}

#[tokio::test]
async fn a_call_carries_request_metadata_and_user_agent() {
    let (outcome, seen) = export(vec![Ok(ExportMetricsServiceResponse::default())]).await;
    assert_eq!(outcome.unwrap(), Delivered::default());
    let seen = seen.lock().unwrap();
    let (metadata, message) = &seen[0];
    assert_eq!(message, &super::message("app.calls"));
    assert_eq!(metadata.get("x-tenant").unwrap(), "blue");
    assert!(metadata.contains_key("grpc-timeout"));
    let agent = metadata.get("user-agent").unwrap().to_str().unwrap();
    assert!(agent.contains("OTel-OTLP-Exporter-Rust/"), "{agent}");
}

#[tokio::test]
async fn a_compressed_call_carries_the_same_request() {
    let (url, seen) = serve(0, vec![Ok(ExportMetricsServiceResponse::default())]).await;
    let exporter = exporter(&url, |options| options.compression = Compression::Gzip);
    exporter.export(request("app.calls")).await.unwrap();
    let seen = seen.lock().unwrap();
    let (metadata, message) = &seen[0];
    assert_eq!(metadata.get("grpc-encoding").unwrap(), "gzip");
    assert_eq!(message, &super::message("app.calls"));
}

#[tokio::test]
async fn a_busy_receiver_is_tried_again_when_it_says() {
    let delay = Duration::from_millis(300);
    for code in [Code::Unavailable, Code::ResourceExhausted] {
        let started = Instant::now();
        let (outcome, seen) = export(vec![
            Err(with_retry_info(code, delay)),
            Ok(ExportMetricsServiceResponse::default()),
        ])
        .await;
        outcome.unwrap();
        assert_eq!(seen.lock().unwrap().len(), 2);
        assert!(started.elapsed() >= delay);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_total_is_not_started() {
    let hour = Duration::from_secs(3600);
    let (outcome, _) = export(vec![Err(with_retry_info(Code::Unavailable, hour))]).await;
    let error = outcome.unwrap_err();
    let ExportError::Unavailable {
        attempts: 1,
        last: AttemptError::Refused { status, message },
        retry_after: Some(wait),
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(
        (*status, message.as_str()),
        (Status::Grpc(Code::Unavailable), "later")
    );
    assert_eq!(*wait, hour);
}

#[tokio::test]
async fn a_refusal_is_final() {
    for code in [
        Code::ResourceExhausted,
        Code::InvalidArgument,
        Code::Unknown,
    ] {
        let refusal = GrpcStatus::new(code, "no such metric");
        let success = Ok(ExportMetricsServiceResponse::default());
        let (outcome, seen) = export(vec![Err(refusal), success]).await;
        let error = outcome.unwrap_err();
        let ExportError::Rejected { status, message } = error else {
            panic!("{error:?}");
        };
        assert_eq!(
            (status, message.as_str()),
            (Status::Grpc(code), "no such metric")
        );
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn partial_success_is_a_success() {
    let (outcome, seen) = export(vec![Ok(partial(3, "too old"))]).await;
    let delivered = outcome.unwrap();
    assert_eq!(
        (delivered.rejected, delivered.message.as_str()),
        (3, "too old")
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_told_from_a_long_answer() {
    let ok = || Ok(ExportMetricsServiceResponse::default());
    let huge = "x".repeat(4 * 1024 * 1024 + 1);
    let (url, seen) = serve(0, vec![Ok(partial(0, &huge)), ok()]).await;
    let exporter = exporter(&url, |_| ());
    let error = exporter.export(request("app.calls")).await.unwrap_err();
    assert!(
        matches!(error, ExportError::ResponseTooLarge { .. }) && error.is_final(),
        "{error:?}"
    );
    let large = request(&huge);
    let sent = large.len();
    let error = exporter.export(large).await.unwrap_err();
    assert!(
        matches!(error, ExportError::TooLarge { size, .. } if size == sent),
        "{error:?}"
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_for_size_is_known_by_the_words_of_each_library() {
    for (code, message) in [
        (
            Code::ResourceExhausted,
            "grpc: received message larger than max (5100387 vs. 4194304)",
        ),
        (
            Code::ResourceExhausted,
            "SERVER: Received message larger than max (5100387 vs. 4194304)",
        ),
        (
            Code::ResourceExhausted,
            "grpc: received message after decompression larger than max 1048576",
        ),
        (
            Code::ResourceExhausted,
            "grpc: message after decompression larger than max (5100387 vs. 1048576)",
        ),
        (
            Code::ResourceExhausted,
            "gRPC message exceeds maximum size 4194304: 5100387",
        ),
    ] {
        let (outcome, _) = export(vec![Err(GrpcStatus::new(code, message))]).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, ExportError::TooLarge { .. }), "{error:?}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn a_silent_receiver_is_left_in_time() {
    let (url, _) = serve(0, Vec::new()).await;
    let exporter = exporter(&url, |options| {
        options.timeout = Duration::from_millis(100);
        options.total_timeout = Duration::from_millis(350);
    });
    let started = Instant::now();
    let error = exporter.export(request("app.calls")).await.unwrap_err();
    assert!(matches!(error, ExportError::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// A mute port accepts the connection and never speaks HTTP/2.
#[tokio::test]
async fn a_mute_port_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let exporter = exporter(&url, |options| {
        options.timeout = Duration::from_millis(100);
        options.total_timeout = Duration::from_millis(250);
    });
    let error = exporter.export(request("app.calls")).await.unwrap_err();
    assert!(matches!(error, ExportError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn a_receiver_that_comes_up_gets_the_data() {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let short = exporter(&url, |options| {
        options.total_timeout = Duration::from_millis(50);
    });
    let error = short.export(request("early")).await.unwrap_err();
    assert!(!error.is_final(), "{error:?}");

    let patient = exporter(&url, |_| ());
    let export = tokio::spawn(async move { patient.export(request("late")).await });
    let (_, seen) = serve(port, vec![Ok(ExportMetricsServiceResponse::default())]).await;
    export.await.unwrap().unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
}

/// A receiver that restarts takes its connections with it.
#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let ok = || Ok(ExportMetricsServiceResponse::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = Scripted {
        script: Mutex::new(vec![ok()]),
        seen: Seen::default(),
    };
    let server = Server::builder().add_service(MetricsServiceServer::new(service));
    let first = tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let exporter = exporter(&format!("http://127.0.0.1:{port}"), |options| {
        options.timeout = Duration::from_secs(1);
    });
    exporter.export(request("first")).await.unwrap();
    first.abort();
    let _ = first.await;

    let (_, seen) = serve(port, vec![ok()]).await;
    exporter.export(request("second")).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
}
