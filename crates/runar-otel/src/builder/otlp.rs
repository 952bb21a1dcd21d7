//! The settings of OTLP.

use std::time::Duration;

use crate::{
    Builder,
    config::{Compression, Protocol, Secret, Url},
};

/// The OpenTelemetry protocol, for metrics and spans alike. Needs the feature `otlp-http` or `otlp-grpc`.
impl Builder {
    /// Sets the base URL of the Collector; over HTTP `/v1/metrics` and `/v1/traces` are appended.
    ///
    /// By default `http://localhost:4318`, or `http://localhost:4317` for gRPC. TLS is not supported yet:
    /// `https://` is an error.
    pub fn otlp_endpoint(mut self, url: impl Into<String>) -> Self {
        self.overrides.otlp_endpoint = Some(Url::new(url.into().trim()));
        self
    }

    /// Sets the transport; by default [`Protocol::HttpProtobuf`], or [`Protocol::Grpc`] if only the feature `otlp-grpc`
    /// is on.
    pub fn otlp_protocol(mut self, protocol: Protocol) -> Self {
        self.overrides.otlp_protocol = Some(protocol);
        self
    }

    /// Adds a header to all exports. The header replaces a header of this name from the environment.
    ///
    /// The value is kept out of logs and error messages.
    pub fn otlp_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let header = (name.into(), Secret::new(value));
        self.overrides.otlp_headers.push(header);
        self
    }

    /// Sets the time for one attempt to export; by default 10 s. Metrics are tried again within
    /// [`metric_timeout`](Self::metric_timeout), spans again up to three times within this time.
    pub fn otlp_timeout(mut self, timeout: Duration) -> Self {
        self.overrides.otlp_timeout = Some(timeout);
        self
    }

    /// Sets the compression; by default none.
    pub fn otlp_compression(mut self, compression: Compression) -> Self {
        self.overrides.otlp_compression = Some(compression);
        self
    }

    /// Limits the data points of a request with metrics; by default there is no limit but that of
    /// [`max_request_bytes`](Self::max_request_bytes).
    pub fn max_export_batch_size(mut self, points: usize) -> Self {
        self.parts.max_export_batch_size = Some(points);
        self
    }

    /// Sets the size at which requests with metrics are cut, in bytes before compression; by default 3 MiB, as gRPC servers
    /// take 4 MiB. A receiver that takes less is met with smaller requests, a single larger data point is sent all the same.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.parts.max_request_bytes = Some(bytes);
        self
    }
}
