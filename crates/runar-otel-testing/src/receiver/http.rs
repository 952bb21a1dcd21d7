//! OTLP over HTTP with Protobuf.

use std::{io::Read, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use flate2::read::GzDecoder;
use prost::Message;

use super::{
    LARGEST,
    inbox::{Inbox, Refusal},
};

const PROTOBUF: &str = "application/x-protobuf";

pub(super) fn routes(inbox: &Arc<Inbox>) -> Router {
    Router::new()
        .route("/v1/metrics", post(metrics))
        .route("/v1/traces", post(traces))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(inbox.clone())
}

async fn metrics(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    match decode(&headers, &body) {
        Ok(request) => answer(inbox.metrics(request)),
        Err(refused) => refused,
    }
}

async fn traces(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    match decode(&headers, &body) {
        Ok(request) => answer(inbox.spans(&request)),
        Err(refused) => refused,
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the answer is what the handler returns"
)]
fn decode<M: Message + Default>(headers: &HeaderMap, body: &[u8]) -> Result<M, Response> {
    let header = |name| {
        headers
            .get(name)
            .map(|value: &header::HeaderValue| value.as_bytes())
    };
    let kind = header(header::CONTENT_TYPE).unwrap_or_default();
    if !kind.starts_with(PROTOBUF.as_bytes()) {
        let message = format!("expected the content type {PROTOBUF}");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response());
    }
    let mut plain = Vec::new();
    let body = match header(header::CONTENT_ENCODING) {
        Some(b"gzip") => {
            let read = GzDecoder::new(body).read_to_end(&mut plain);
            read.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()).into_response())?;
            plain.as_slice()
        }
        _ => body,
    };
    let message = M::decode(body);
    message.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()).into_response())
}

/// Makes the response. An empty message means that all data was accepted.
fn answer(result: Result<(), Refusal>) -> Response {
    match result {
        Ok(()) => ([(header::CONTENT_TYPE, PROTOBUF)], Bytes::new()).into_response(),
        Err(Refusal(status)) => StatusCode::from_u16(status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response(),
    }
}
