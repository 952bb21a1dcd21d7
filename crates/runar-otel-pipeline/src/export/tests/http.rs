//! Exports over HTTP.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::net::TcpListener;

use super::{free_port, options, partial, request};
use crate::{
    export::{
        AttemptError, Compression, Delivered, ExportError, OtlpExporter, Protocol, Secret, Status,
    },
    gzip,
};

/// The responses of the server, one per request; beyond them it gives none.
type Script = Vec<Response<Full<Bytes>>>;
type Seen = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body.into())).unwrap()
}

async fn listen(port: u16) -> TcpListener {
    TcpListener::bind(("127.0.0.1", port)).await.unwrap()
}

/// Starts a server that gives the responses in order and remembers the requests.
fn serve(listener: TcpListener, mut script: Script) -> (String, Seen) {
    script.reverse();
    let url = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
    let script = Arc::new(Mutex::new(script));
    let seen = Seen::default();
    let sink = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (script, seen) = (script.clone(), sink.clone());
            let service = service_fn(move |request| reply(request, script.clone(), seen.clone()));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, seen)
}

async fn reply(
    request: Request<Incoming>,
    script: Arc<Mutex<Script>>,
    seen: Seen,
) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.uri().path(), "/v1/metrics");
    assert_eq!(request.method(), "POST");
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    seen.lock().unwrap().push((head.headers, body));
    let next = script.lock().unwrap().pop();
    match next {
        Some(response) => Ok(response),
        None => std::future::pending().await,
    }
}

async fn export(script: Script) -> (Result<Delivered, ExportError>, Seen) {
    let (url, seen) = serve(listen(0).await, script);
    let exporter = OtlpExporter::new(&options(Protocol::HttpProtobuf, &url)).unwrap();
    (exporter.export(request("app.calls")).await, seen)
}

#[tokio::test]
async fn a_request_carries_what_otlp_wants() {
    let (outcome, seen) = export(vec![answer(200, &[], "")]).await;
    assert_eq!(outcome.unwrap(), Delivered::default());
    let seen = seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["x-tenant"], "blue");
    assert!(headers.get("content-encoding").is_none());
    let agent = headers["user-agent"].to_str().unwrap();
    assert!(agent.contains("OTel-OTLP-Exporter-Rust/"), "{agent}");
    assert_eq!(body, &request("app.calls"));
}

#[tokio::test]
async fn a_compressed_request_is_the_same_request() {
    let (url, seen) = serve(listen(0).await, vec![answer(200, &[], "")]);
    let mut options = options(Protocol::HttpProtobuf, &url);
    options.compression = Compression::Gzip;
    let exporter = OtlpExporter::new(&options).unwrap();
    let name = "a".repeat(100_000);
    exporter.export(request(&name)).await.unwrap();
    let seen = seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(body.len() < 10_000, "{}", body.len());
    assert_eq!(gzip::decompressed(body), request(&name));
}

#[tokio::test]
async fn a_busy_receiver_is_tried_again_when_it_says() {
    let started = Instant::now();
    let (outcome, seen) = export(vec![
        answer(503, &[("retry-after", "1")], ""),
        answer(200, &[], ""),
    ])
    .await;
    outcome.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2);
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn every_attempt_carries_the_whole_request() {
    let statuses = [429, 502, 504, 200];
    let (outcome, seen) = export(statuses.map(|status| answer(status, &[], "")).into()).await;
    outcome.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|(_, body)| body == &request("app.calls")));
}

#[tokio::test]
async fn a_wait_beyond_the_total_is_not_started() {
    let started = Instant::now();
    let (outcome, _) = export(vec![answer(429, &[("retry-after", "3600")], "")]).await;
    let error = outcome.unwrap_err();
    let ExportError::Unavailable {
        attempts: 1,
        last: AttemptError::Refused { status, .. },
        retry_after: Some(wait),
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*status, Status::Http(429));
    assert_eq!(*wait, Duration::from_secs(3600));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_refusal_is_final_and_says_why() {
    let status = tonic_types::Status {
        code: 3,
        message: "no such\nmetric".to_owned(),
        details: Vec::new(),
    };
    let protobuf = [("content-type", "application/x-protobuf")];
    let text = [("content-type", "text/plain")];
    let refusals = [
        answer(400, &protobuf, status.encode_to_vec()),
        answer(500, &text, "no such metric\n"),
    ];
    for refusal in refusals {
        let code = refusal.status().as_u16();
        let (outcome, seen) = export(vec![refusal, answer(200, &[], "")]).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.is_final(), code == 400);
        let ExportError::Rejected { status, message } = error else {
            panic!("{error:?}");
        };
        assert_eq!(
            (status, message.as_str()),
            (Status::Http(code), "no such metric")
        );
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_named() {
    let target = [("location", "http://elsewhere/v1/metrics?key=hunter2")];
    for code in [301, 307] {
        let (outcome, _) = export(vec![answer(code, &target, "")]).await;
        let shown = outcome.unwrap_err().to_string();
        assert!(shown.contains("http://elsewhere/v1/metrics"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn partial_success_is_a_success() {
    let body = partial(7, "too old").encode_to_vec();
    let (outcome, seen) = export(vec![answer(200, &[], body), answer(200, &[], "")]).await;
    let delivered = outcome.unwrap();
    assert_eq!(
        (delivered.rejected, delivered.message.as_str()),
        (7, "too old")
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_success_that_cannot_be_decoded_stays_one() {
    let (outcome, seen) = export(vec![answer(200, &[], "{}"), answer(200, &[], "")]).await;
    assert_eq!(outcome.unwrap().rejected, 0);
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_endless_response_is_cut_off() {
    let body = vec![0; 4 * 1024 * 1024 + 1];
    let (outcome, seen) = export(vec![answer(200, &[], body), answer(200, &[], "")]).await;
    let error = outcome.unwrap_err();
    assert!(
        matches!(error, ExportError::ResponseTooLarge { .. }),
        "{error:?}"
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_for_size_is_told_from_others() {
    let go = "rpc error: http: request body too large";
    for (status, message) in [(413, ""), (413, "larger than 1m"), (400, go)] {
        let (outcome, seen) = export(vec![answer(status, &[], message)]).await;
        let error = outcome.unwrap_err();
        let sent = request("app.calls").len();
        assert!(
            matches!(error, ExportError::TooLarge { size, .. } if size == sent),
            "{error:?}"
        );
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_silent_receiver_is_left_in_time() {
    let (url, _) = serve(listen(0).await, Vec::new());
    let mut options = options(Protocol::HttpProtobuf, &url);
    options.timeout = Duration::from_millis(100);
    options.total_timeout = Duration::from_millis(350);
    let exporter = OtlpExporter::new(&options).unwrap();
    let started = Instant::now();
    let error = exporter.export(request("app.calls")).await.unwrap_err();
    assert!(matches!(error, ExportError::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{error:?}");
}

#[tokio::test]
async fn a_receiver_that_comes_up_gets_the_data() {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/v1/metrics");
    let mut options = options(Protocol::HttpProtobuf, &url);
    options.total_timeout = Duration::from_millis(50);
    let error = OtlpExporter::new(&options)
        .unwrap()
        .export(request("early"))
        .await
        .unwrap_err();
    assert!(!error.is_final(), "{error:?}");

    options.total_timeout = Duration::from_secs(30);
    let exporter = OtlpExporter::new(&options).unwrap();
    let export = tokio::spawn(async move { exporter.export(request("late")).await });
    let (_, seen) = serve(listen(port).await, vec![answer(200, &[], "")]);
    export.await.unwrap().unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[test]
fn debug_shows_no_secret() {
    let endpoint = "http://collector:4318/v1/metrics?key=hunter2";
    let mut options = options(Protocol::HttpProtobuf, endpoint);
    options
        .headers
        .push(("authorization".to_owned(), Secret::new("hunter2")));
    let mut shown = format!("{:?}", OtlpExporter::new(&options).unwrap());
    options.protocol = Protocol::Grpc;
    options.endpoint = "http://collector:4317".to_owned();
    shown += &format!("{:?}", OtlpExporter::new(&options).unwrap());
    assert!(
        shown.contains("collector") && !shown.contains("hunter2"),
        "{shown}"
    );
}

/// Runs another test of this file in a process with a proxy in its environment.
async fn run_behind_proxy(test: &str, proxy: &str) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--include-ignored",
            "--exact",
            &format!("export::tests::http::{test}"),
        ])
        .env("http_proxy", proxy)
        .env("HTTP_PROXY", proxy)
        .env_remove("no_proxy")
        .env_remove("NO_PROXY");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
}

#[tokio::test]
async fn this_machine_is_not_reached_through_a_proxy() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    run_behind_proxy("a_request_carries_what_otlp_wants", &nobody).await;
}

#[tokio::test]
async fn other_machines_are_reached_through_the_proxy() {
    let (proxy, seen) = serve(listen(0).await, vec![answer(200, &[], "")]);
    let proxy = proxy.trim_end_matches("/v1/metrics");
    run_behind_proxy("export_to_a_host_that_only_the_proxy_knows", proxy).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].0["host"], "collector.invalid");
}

#[tokio::test]
#[ignore = "needs the proxy of the test above"]
async fn export_to_a_host_that_only_the_proxy_knows() {
    let endpoint = "http://collector.invalid/v1/metrics";
    let exporter = OtlpExporter::new(&options(Protocol::HttpProtobuf, endpoint)).unwrap();
    exporter.export(request("app.calls")).await.unwrap();
}
