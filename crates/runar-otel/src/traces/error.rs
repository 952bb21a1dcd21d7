//! What can go wrong with spans.

use std::{io, time::Duration};

use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::error::OTelSdkError;

/// An error while spans are set up or delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TracesError {
    /// The HTTP client cannot be built.
    #[error("cannot build the HTTP client for spans")]
    HttpClient(#[source] reqwest::Error),
    /// The OTLP exporter cannot be built.
    #[error("cannot build the OTLP exporter for spans to {endpoint}")]
    Exporter {
        /// Where spans were to be sent.
        endpoint: String,
        /// What the exporter says.
        #[source]
        source: ExporterBuildError,
    },
    /// The system gave no thread.
    #[error("cannot start a thread to deliver spans")]
    Thread(#[source] io::Error),
    /// Spans were not delivered in time.
    #[error("spans not delivered within {0:?}")]
    Timeout(Duration),
    /// The SDK could not deliver spans.
    #[error("spans not delivered")]
    Delivery(#[source] OTelSdkError),
}
