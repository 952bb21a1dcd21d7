//! OTLP export of metrics: over HTTP with Protobuf or over gRPC, retried within a bound.
//!
//! The SDK's own exporter takes only the SDK's read-only data, which carries neither exemplars nor
//! summaries; this one takes the finished request. Everything here is asynchronous and belongs on the
//! runtime of [`Background`](crate::background::Background).

mod address;
mod delivered;
mod error;
mod exporter;
mod grpc;
mod http;
mod options;
mod retry;
#[cfg(test)]
mod tests;
mod user_agent;

pub use delivered::Delivered;
pub use error::{AttemptError, ExportError, Status};
pub use exporter::OtlpExporter;
pub use http::http_client;
pub use options::{OtlpOptions, RetryPolicy};

pub use crate::settings::{Compression, Protocol, Secret};
