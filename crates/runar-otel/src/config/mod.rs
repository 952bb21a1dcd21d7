//! Configuration: plain data, read from the environment and overridden by the builder.

mod choice;
mod endpoint;
mod environment;
mod otlp;
mod overrides;
mod pairs;
mod problem;
mod resolve;
mod sampler;
pub(crate) mod secret;
mod settings;
pub(crate) mod signal;
#[cfg(test)]
mod tests;

pub use choice::{
    Compression, HistogramAggregation, MetricsExporterKind, Propagator, Protocol,
    TemporalityPreference, TracesExporterKind,
};
pub(crate) use otlp::OtlpConfig;
pub(crate) use overrides::Overrides;
pub(crate) use problem::ConfigError;
pub use problem::{Problem, Source};
pub(crate) use resolve::{Resolved, resolve};
pub use sampler::Sampler;
pub(crate) use secret::{Header, Secret};
pub(crate) use settings::{Config, SubscriberChoice};
