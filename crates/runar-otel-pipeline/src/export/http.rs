//! OTLP over HTTP with Protobuf.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue,
    header::{
        CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT as USER_AGENT_NAME,
    },
};
use prost::Message;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use tokio::time::{Instant, timeout_at};

use super::{
    AttemptError, Compression, Delivered, ExportError, OtlpOptions, Status, address,
    delivered::ExportResponse, error::readable, retry::Failure, user_agent::USER_AGENT,
};
use crate::{gzip, resolver::look_up, settings::redacted};

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// The HTTP transport of an exporter.
pub(super) struct Http {
    client: Client,
    url: Url,
    headers: HeaderMap,
    compression: Compression,
    timeout: Duration,
    max_response_size: usize,
}

/// Makes the client for an OTLP endpoint: no redirects, no retries of its own, and no proxy in front of this machine.
///
/// # Errors
/// When the client cannot be built.
fn http_client(endpoint: &str, timeout: Duration) -> Result<Client, reqwest::Error> {
    // Another crate may switch on features of reqwest; their default behaviour is off here.
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(timeout)
        .timeout(timeout)
        .dns_resolver(HttpResolver)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    if endpoint.parse().is_ok_and(|url| is_loopback(&url)) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// True if the host is this machine, which no proxy can reach for us.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().map_or_else(
        |_| bare == "localhost" || bare.ends_with(".localhost"),
        |ip| ip.is_loopback(),
    )
}

/// The resolver of clients of `reqwest`.
#[derive(Clone, Copy, Debug)]
struct HttpResolver;

impl Resolve for HttpResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            let addresses: Vec<SocketAddr> = found.to_vec();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// A request body with the headers that go with it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The size before compression.
    size: usize,
    body: Bytes,
    headers: HeaderMap,
}

impl Http {
    /// Checks the options and makes a client, which connects when first used.
    pub(super) fn new(options: &OtlpOptions, timeout: Duration) -> Result<Self, ExportError> {
        let url = address::endpoint(options)?.to_string();
        let url = Url::parse(&url).map_err(|_| ExportError::InvalidEndpoint {
            endpoint: redacted(&url),
            expected: "a host name that can be looked up",
        })?;
        let mut headers = address::headers(&options.headers)?;
        headers
            .entry(USER_AGENT_NAME)
            .or_insert(HeaderValue::from_static(USER_AGENT));
        headers.insert(CONTENT_TYPE, PROTOBUF);
        Ok(Self {
            client: http_client(url.as_str(), timeout).map_err(ExportError::HttpClient)?,
            url,
            headers,
            compression: options.compression,
            timeout,
            max_response_size: options.max_response_size,
        })
    }

    /// Compresses the body if configured, once for all attempts. A body that takes longer than an attempt may is sent
    /// as it is.
    pub(super) async fn prepare(&self, body: Bytes) -> Prepared {
        let mut prepared = Prepared {
            size: body.len(),
            body,
            headers: self.headers.clone(),
        };
        if self.compression == Compression::Gzip
            && let Some(packed) = gzip::compressed(&prepared.body, self.timeout).await
        {
            prepared.body = packed;
            prepared.headers.insert(CONTENT_ENCODING, GZIP);
        }
        prepared
    }

    /// Sends the body once.
    pub(super) async fn attempt(
        &self,
        prepared: &Prepared,
        deadline: Instant,
    ) -> Result<Delivered, Failure> {
        let response = self
            .client
            .post(self.url.clone())
            .headers(prepared.headers.clone())
            .body(prepared.body.clone())
            .send()
            .await
            .map_err(|error| unsent(error.without_url()))?;
        let status = response.status().as_u16();
        if response.status().is_success() {
            return self.accepted(response, deadline).await;
        }
        let demanded =
            header(&response, &RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let message = self.reason(response, deadline).await;
        let too_large = is_too_large(status, &message);
        let status = Status::Http(status);
        if too_large {
            return Err(Failure::Permanent(ExportError::TooLarge {
                size: prepared.size,
                status,
                message,
            }));
        }
        if matches!(status, Status::Http(code) if is_retryable_status(code)) {
            let error = AttemptError::Refused { status, message };
            return Err(Failure::Transient { error, demanded });
        }
        Err(Failure::Permanent(ExportError::Rejected {
            status,
            message,
        }))
    }

    /// Reads the response to data that the receiver accepted.
    ///
    /// The status alone says that the receiver has the data: a body that breaks off must not cause a second delivery.
    async fn accepted(&self, response: Response, deadline: Instant) -> Result<Delivered, Failure> {
        let limit = self.max_response_size;
        let unread = |message: &str| Delivered {
            rejected: 0,
            message: message.to_owned(),
        };
        match timeout_at(deadline, read(response, limit)).await {
            Ok(Body::Whole(bytes)) => Ok(ExportResponse::decode(bytes)
                .map_or_else(|_| unread("the response is no otlp"), Delivered::from)),
            Ok(Body::TooLarge) => Err(Failure::Permanent(ExportError::ResponseTooLarge { limit })),
            Ok(Body::Broken) | Err(_) => Ok(unread("the response broke off")),
        }
    }

    /// Returns the reason for a refusal: the message of a `google.rpc.Status`, a text, or the target of a redirect.
    ///
    /// Redirects are not followed: most would turn the request into one without its body.
    async fn reason(&self, response: Response, deadline: Instant) -> String {
        if let (true, Some(target)) = (
            response.status().is_redirection(),
            header(&response, &LOCATION),
        ) {
            return readable(&format!(
                "redirects are not followed, this one points to {}",
                redacted(target)
            ));
        }
        let is_protobuf =
            header(&response, &CONTENT_TYPE).is_some_and(|value| value.contains("protobuf"));
        let reading = read(response, self.max_response_size);
        let Ok(Body::Whole(bytes)) = timeout_at(deadline, reading).await else {
            return String::new();
        };
        if !is_protobuf {
            return readable(&String::from_utf8_lossy(&bytes));
        }
        RpcStatus::decode(bytes)
            .map(|status| readable(&status.message))
            .unwrap_or_default()
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("url", &redacted(self.url.as_str()))
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

fn unsent(error: reqwest::Error) -> Failure {
    if error.is_builder() {
        return Failure::Permanent(ExportError::HttpClient(error));
    }
    Failure::transient(AttemptError::Http(error))
}

fn header<'a>(response: &'a Response, name: &http::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The part of a `google.rpc.Status` that explains a refusal.
#[derive(prost::Message)]
struct RpcStatus {
    #[prost(string, tag = "2")]
    message: String,
}

/// The body of a response, as far as it could be read.
enum Body {
    Whole(Bytes),
    TooLarge,
    Broken,
}

async fn read(mut response: Response, limit: usize) -> Body {
    let mut bytes = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.len() > limit.saturating_sub(bytes.len()) => {
                return Body::TooLarge;
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Body::Whole(bytes.freeze()),
            Err(_) => return Body::Broken,
        }
    }
}

/// True if the receiver refuses the request for its size: by the status for that, or by the error of Go's standard
/// library, which the Collector answers with status 400.
fn is_too_large(status: u16, message: &str) -> bool {
    status == 413 || status == 400 && message.contains("request body too large")
}

/// True if OTLP/HTTP allows another attempt after this status (OTLP specification, "Retryable Response Codes").
fn is_retryable_status(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Returns the wait that a `Retry-After` header demands, seconds or a date; `None` if the header is neither.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(120 * SECOND));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now),
            Some(10 * SECOND)
        );
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("-1", now), None);
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn statuses_follow_the_table_of_otlp() {
        let statuses: Vec<u16> = (100..600).filter(|s| is_retryable_status(*s)).collect();
        assert_eq!(statuses, [429, 502, 503, 504]);
    }

    #[test]
    fn loopback_is_recognised() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).unwrap());
        assert!(
            loopback("http://localhost:1")
                && loopback("http://127.9.9.9")
                && loopback("http://[::1]:1")
        );
        assert!(!loopback("http://10.0.0.1") && !loopback("http://localhost.example.com"));
    }
}
