//! A receiver of OTLP metrics that keeps the requests that it has taken, and answers as it is told.
//!
//! The receiver writes the frames of gRPC itself: a receiver that answers wrongly is no server of a library.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt as _, Full};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message as _;
use tokio::{net::TcpListener, runtime::Handle};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The request is taken.
    Take,
    /// Requests of more than `most` bytes are refused.
    Limit { most: usize, wording: Wording },
    /// Too many requests: the client may come back after so many seconds.
    Throttle(u64),
    /// The receiver is away for now.
    Unavailable,
    /// The path is unknown.
    Unknown,
    /// The request is taken, but for one data point; each answer has another text.
    Partial,
    /// The client is sent elsewhere.
    Redirect,
    /// The request is taken, and the answer cannot be decoded.
    Garbage,
}

/// The words in which a gRPC server refuses a request for its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    GrpcGo,
    GrpcCore,
    Tonic,
}

/// A request that came, taken or not.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) taken: bool,
}

#[derive(Debug)]
struct Inbox {
    answer: Answer,
    taken: Vec<ExportMetricsServiceRequest>,
    arrivals: Vec<Arrival>,
    /// The headers of requests with spans.
    spans: Vec<HeaderMap>,
}

/// A receiver over HTTP and gRPC on one port.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    inbox: Arc<Mutex<Inbox>>,
}

impl Receiver {
    pub(crate) fn start(runtime: &Handle) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let inbox = Arc::new(Mutex::new(Inbox {
            answer: Answer::Take,
            taken: Vec::new(),
            arrivals: Vec::new(),
            spans: Vec::new(),
        }));
        let receiver = Self {
            address: listener.local_addr()?,
            inbox,
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(receiver)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn set(&self, answer: Answer) {
        self.inbox().answer = answer;
    }

    /// The requests that were taken, in their order.
    pub(crate) fn taken(&self) -> Vec<ExportMetricsServiceRequest> {
        self.inbox().taken.clone()
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.inbox().arrivals.clone()
    }

    /// The headers of requests with spans, which are not kept themselves.
    pub(crate) fn spans(&self) -> Vec<HeaderMap> {
        self.inbox().spans.clone()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the request if the answer says so, and returns the answer that applies.
    fn decide(&self, bytes: usize, request: ExportMetricsServiceRequest) -> Answer {
        let mut inbox = self.inbox();
        let answer = match inbox.answer {
            Answer::Limit { most, .. } if bytes <= most => Answer::Take,
            answer => answer,
        };
        let taken = matches!(answer, Answer::Take | Answer::Partial | Answer::Garbage);
        let at = Instant::now();
        inbox.arrivals.push(Arrival { at, taken });
        if taken {
            inbox.taken.push(request);
        }
        answer
    }
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path.contains("trace") {
        receiver.inbox().spans.push(request.headers().clone());
        let _ = to_bytes(request.into_body(), usize::MAX).await;
        return match path.as_str() {
            "/v1/traces" => over_http(Answer::Take),
            _ => over_grpc(Answer::Take, 0),
        };
    }
    let grpc = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let Ok(body) = to_bytes(request.into_body(), usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let message = if grpc { body.get(5..) } else { Some(&body[..]) };
    let decoded = message.and_then(|message| ExportMetricsServiceRequest::decode(message).ok());
    let (Some(message), Some(decoded)) = (message, decoded) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answer = receiver.decide(message.len(), decoded);
    if grpc {
        over_grpc(answer, message.len())
    } else {
        over_http(answer)
    }
}

/// A response that rejects one data point, in a text that never comes twice.
fn partial() -> ExportMetricsServiceResponse {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    ExportMetricsServiceResponse {
        partial_success: Some(ExportMetricsPartialSuccess {
            rejected_data_points: 1,
            error_message: format!("too old, see request {}", NUMBER.fetch_add(1, Relaxed)),
        }),
    }
}

const GARBAGE: &[u8] = b"\xff\xff\xff\xff<html>no protobuf";

fn over_http(answer: Answer) -> Response {
    let protobuf = |body: Vec<u8>| {
        let kind = [(header::CONTENT_TYPE, "application/x-protobuf")];
        (kind, body).into_response()
    };
    match answer {
        Answer::Take => protobuf(Vec::new()),
        Answer::Partial => protobuf(partial().encode_to_vec()),
        Answer::Garbage => protobuf(GARBAGE.to_vec()),
        Answer::Limit { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too large").into_response(),
        Answer::Throttle(seconds) => {
            let wait = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, "slow down").into_response()
        }
        Answer::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "draining").into_response(),
        Answer::Unknown => (StatusCode::NOT_FOUND, "404 page not found").into_response(),
        Answer::Redirect => {
            let location = [(header::LOCATION, "http://127.0.0.1:9/v1/metrics")];
            (StatusCode::TEMPORARY_REDIRECT, location).into_response()
        }
    }
}

fn over_grpc(answer: Answer, bytes: usize) -> Response {
    let status = match answer {
        Answer::Take => return framed(&ExportMetricsServiceResponse::default().encode_to_vec()),
        Answer::Partial => return framed(&partial().encode_to_vec()),
        Answer::Garbage => return framed(GARBAGE),
        Answer::Redirect => return over_http(answer),
        Answer::Limit { most, wording } => match wording {
            Wording::GrpcGo => tonic::Status::resource_exhausted(format!(
                "grpc: received message larger than max ({bytes} vs. {most})"
            )),
            Wording::GrpcCore => tonic::Status::resource_exhausted(format!(
                "SERVER: Received message larger than max ({bytes} vs. {most})"
            )),
            Wording::Tonic => tonic::Status::out_of_range(format!(
                "Error, decoded message length too large: found {bytes} bytes, the limit is: {most} bytes"
            )),
        },
        Answer::Throttle(seconds) => tonic::Status::with_error_details(
            tonic::Code::ResourceExhausted,
            "slow down",
            ErrorDetails::with_retry_info(Some(Duration::from_secs(seconds))),
        ),
        Answer::Unavailable => tonic::Status::unavailable("draining"),
        Answer::Unknown => tonic::Status::unimplemented("unknown service"),
    };
    status.into_http::<Body>()
}

/// A gRPC response of one message and the status `OK`.
fn framed(message: &[u8]) -> Response {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = vec![0];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(message);
    let body = Full::new(Bytes::from(frame)).with_trailers(async {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        Some(Ok::<_, Infallible>(trailers))
    });
    let kind = [(header::CONTENT_TYPE, "application/grpc")];
    (kind, Body::new(body)).into_response()
}
