//! Errors while spans are set up, delivered or flushed.

use std::{io, time::Duration};

use opentelemetry_sdk::error::OTelSdkError;

use crate::config::Protocol;

/// An error while spans are set up or delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TracesError {
    /// The transport of the protocol is not compiled in.
    #[error("no transport for spans over {protocol}: expected the feature `{}`", protocol.feature())]
    NoTransport {
        /// The protocol, as configured.
        protocol: Protocol,
    },
    /// The HTTP client cannot be built.
    #[cfg(feature = "otlp-http")]
    #[error("cannot build the HTTP client for spans")]
    HttpClient(#[source] reqwest::Error),
    /// The OTLP exporter cannot be built.
    #[cfg(feature = "otlp")]
    #[error("cannot build the OTLP exporter for spans to {endpoint}")]
    Exporter {
        /// The full URL (HTTP) or the target (gRPC) to which spans were to be sent.
        endpoint: String,
        /// The error of `opentelemetry-otlp`.
        #[source]
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// The system refused a thread.
    #[error("cannot start a thread to deliver spans")]
    Thread(#[source] io::Error),
    /// Spans were not delivered in time.
    #[error("spans not delivered within {0:?}")]
    Timeout(Duration),
    /// The SDK could not deliver spans.
    #[error("spans not delivered")]
    Delivery(#[source] OTelSdkError),
}
