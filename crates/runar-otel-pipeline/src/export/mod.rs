//! OTLP export of metrics and spans: over HTTP with Protobuf or over gRPC, retried within a bound.
//!
//! The SDK's own exporter takes only the SDK's read-only data, which carries neither exemplars nor
//! summaries; this one takes the finished request. All exports are asynchronous and belong on the
//! runtime of [`Background`](crate::background::Background).

#[cfg(feature = "otlp")]
mod address;
mod delivered;
mod error;
#[cfg(feature = "otlp")]
mod exporter;
mod fault;
#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(feature = "otlp-http")]
mod http;
#[cfg(feature = "otlp")]
mod options;
#[cfg(feature = "otlp")]
mod retry;
#[cfg(feature = "otlp")]
mod secrets;
#[cfg(test)]
mod tests;
mod urgency;
#[cfg(feature = "otlp")]
mod user_agent;

pub use delivered::Delivered;
pub use error::{AttemptError, ExportError, Status};
#[cfg(feature = "otlp")]
pub use exporter::OtlpExporter;
pub use fault::FaultKind;
#[cfg(feature = "otlp")]
pub use options::{OtlpOptions, RetryPolicy};
#[cfg(feature = "otlp")]
pub use retry::Patience;
pub use urgency::Urgency;

pub use crate::settings::{Compression, Protocol, Secret};
