//! Configuration: plain data, read from the environment and overridden by the builder.

mod choice;
mod endpoint;
mod environment;
pub(crate) mod header;
#[cfg(feature = "subscriber")]
mod log_filter;
mod otlp;
mod overrides;
mod pairs;
mod problem;
mod resolve;
mod sampler;
mod settings;
mod spans;
#[cfg(test)]
mod tests;
mod url;

pub use choice::{HistogramAggregation, MetricsExporterKind, Propagator, TracesExporterKind};
#[cfg(feature = "otlp")]
pub(crate) use otlp::OtlpConfig;
pub(crate) use overrides::Overrides;
pub(crate) use problem::ConfigError;
pub use problem::{Problem, Source};
pub(crate) use resolve::{Resolved, SPILL_DIR, resolve};
#[cfg(feature = "otlp")]
pub(crate) use runar_otel_pipeline::settings::Secret;
pub use runar_otel_pipeline::settings::{Compression, Protocol, TemporalityPreference};
pub use sampler::Sampler;
pub(crate) use settings::{Config, SubscriberChoice};
pub(crate) use spans::{SpanBatches, SpanLimits};
#[cfg(feature = "otlp")]
pub(crate) use url::Url;
