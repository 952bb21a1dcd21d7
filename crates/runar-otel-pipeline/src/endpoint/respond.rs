//! The response to a request.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, VARY},
};
use http_body_util::Full;
use tokio::{task::JoinSet, time::timeout};

use super::{Format, accepts_gzip, format};
use crate::gzip;

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The time limit of compression; a body that takes longer is sent as it is.
const COMPRESSION_LIMIT: Duration = Duration::from_secs(5);

/// A source of pages for the endpoint.
pub trait Scrape: Send + Sync {
    /// Renders all metrics in the format. The future runs on the private runtime and must not block it.
    fn scrape(&self, format: Format) -> ScrapeFuture;
}

/// The future of a scrape.
pub type ScrapeFuture =
    Pin<Box<dyn Future<Output = Result<Scraped, ScrapeFailed>> + Send + 'static>>;

/// A page that could not be rendered. The endpoint responds with 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scrape failed")]
pub struct ScrapeFailed;

/// A rendered page with its content type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scraped {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The page, not compressed.
    pub body: Bytes,
}

/// The path, source and time limit of an endpoint, from which it responds.
pub(super) struct MetricsPage {
    pub(super) path: String,
    pub(super) source: Arc<dyn Scrape>,
    pub(super) scrape_timeout: Duration,
}

impl MetricsPage {
    /// Answers one request. The body of a request is never read.
    pub(super) async fn respond<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if path != self.path && path != "/" {
            return plain_response(
                StatusCode::NOT_FOUND,
                format!("metrics are at {}\n", self.path),
            );
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain_response(
                StatusCode::METHOD_NOT_ALLOWED,
                "expected GET or HEAD\n".to_owned(),
            );
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
        if path != self.path {
            return plain_response(StatusCode::OK, format!("metrics are at {}\n", self.path));
        }
        self.serve_metrics(request.headers()).await
    }

    async fn serve_metrics(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let format = format(join_lines(headers, &ACCEPT).as_deref());
        let Ok(scraped) = timeout(self.scrape_timeout, self.scrape(format)).await else {
            return plain_response(
                StatusCode::SERVICE_UNAVAILABLE,
                "the scrape took too long\n".to_owned(),
            );
        };
        let scraped = match scraped {
            Ok(scraped) => scraped,
            Err(failed) => {
                let text = format!("{failed}\n");
                return plain_response(StatusCode::INTERNAL_SERVER_ERROR, text);
            }
        };
        let packed = if accepts_gzip(join_lines(headers, &ACCEPT_ENCODING).as_deref()) {
            gzip::compressed(&scraped.body, COMPRESSION_LIMIT).await
        } else {
            None
        };
        let is_packed = packed.is_some();
        let mut response = Response::new(Full::new(packed.unwrap_or(scraped.body)));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_str(scraped.content_type).unwrap_or(PLAIN),
        );
        headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        if is_packed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    /// Scrapes in a task of its own, so that only the task panics. The task ends with the request.
    async fn scrape(&self, format: Format) -> Result<Scraped, ScrapeFailed> {
        let source = self.source.clone();
        let mut task = JoinSet::new();
        task.spawn(async move { source.scrape(format).await });
        match task.join_next().await {
            Some(Ok(scraped)) => scraped,
            Some(Err(_)) | None => Err(ScrapeFailed),
        }
    }
}

fn plain_response(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, PLAIN);
    response
}

/// Joins the lines of a header into one list, without lines that are no text; `None` without lines.
fn join_lines(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}
