//! Options of an OTLP exporter.

use std::{fmt, time::Duration};

use crate::settings::{Compression, Protocol, Secret, Signal, redacted};

/// Endpoint, headers, time limits, retries and size limits of an OTLP exporter.
#[derive(Clone)]
#[non_exhaustive]
pub struct OtlpOptions {
    /// The signal that is sent; metrics by default.
    pub signal: Signal,
    /// The transport protocol, which decides the form of `endpoint`.
    pub protocol: Protocol,
    /// The full URL for HTTP, `/v1/metrics` or `/v1/traces` included; `http://host:port` for gRPC.
    pub endpoint: String,
    /// Headers (HTTP) or metadata (gRPC) of every request. A later one replaces an earlier one of its name.
    pub headers: Vec<(String, Secret)>,
    /// The time limit of one attempt, 10 seconds by default; zero leaves only `total_timeout`.
    pub timeout: Duration,
    /// The time limit of an export with all its attempts and waits, 30 seconds by default; zero is refused.
    pub total_timeout: Duration,
    /// The compression of requests, none by default.
    pub compression: Compression,
    /// The waits between attempts, by default from 500 milliseconds up to 5 seconds.
    pub retry: RetryPolicy,
    /// The largest response that is read, in bytes; 4 MiB by default, as OTLP recommends.
    pub max_response_size: usize,
}

impl OtlpOptions {
    /// Returns options for an endpoint, with the defaults of the specification.
    #[must_use]
    pub fn new(protocol: Protocol, endpoint: impl Into<String>) -> Self {
        Self {
            signal: Signal::Metrics,
            protocol,
            endpoint: endpoint.into(),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(30),
            compression: Compression::None,
            retry: RetryPolicy::default(),
            max_response_size: 4 * 1024 * 1024,
        }
    }
}

impl fmt::Debug for OtlpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpOptions")
            .field("signal", &self.signal)
            .field("protocol", &self.protocol)
            .field("endpoint", &redacted(&self.endpoint))
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("total_timeout", &self.total_timeout)
            .field("compression", &self.compression)
            .field("retry", &self.retry)
            .field("max_response_size", &self.max_response_size)
            .finish()
    }
}

/// The waits between attempts: each is longer than the one before, and shortened at random by up to a half.
///
/// A wait that the receiver demands (`Retry-After`, `RetryInfo`) is a minimum. If a wait would end after the total
/// timeout, the export fails at once.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The first wait, 500 milliseconds by default.
    pub initial: Duration,
    /// The factor by which each wait is longer than the one before, 1.5 by default.
    pub factor: f64,
    /// The longest wait, 5 seconds by default; a wait that the receiver demands may be longer.
    pub max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(500),
            factor: 1.5,
            max: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let mut options = OtlpOptions::new(
            Protocol::Grpc,
            "http://user:hunter2@collector:4317/?key=hunter2",
        );
        options
            .headers
            .push(("authorization".into(), Secret::new("hunter2")));
        let shown = format!("{options:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("authorization"), "{shown}");
        assert!(shown.contains("collector:4317"), "{shown}");
    }
}
