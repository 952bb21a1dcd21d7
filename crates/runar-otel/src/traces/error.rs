//! Errors while spans are set up, delivered or flushed.

use std::{io, time::Duration};

use opentelemetry_sdk::error::OTelSdkError;
use runar_otel_pipeline::export::ExportError;

/// An error while spans are set up or delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TracesError {
    /// The OTLP exporter cannot be made.
    #[error("cannot make the OTLP exporter for spans")]
    Exporter(#[source] ExportError),
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
