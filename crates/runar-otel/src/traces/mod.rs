//! Spans: from `tracing` to the SDK, from the SDK to a Collector, and into log lines.

mod console;
mod directives;
mod error;
mod fields;
mod head;
mod head_decision;
mod layer;
mod log_format;
mod on_runtime;
mod otlp;
mod propagation;
mod provider;
mod shutdown;
mod spanless;
mod sparing;
mod subscriber;
mod switchable_tracer;
mod unheard;
mod visibility;

pub use error::TracesError;
pub use layer::layer;
pub(crate) use propagation::{install_propagators, remove_propagators};
pub(crate) use provider::{Sampling, builder};
pub(crate) use shutdown::{flush, shutdown};
pub(crate) use subscriber::{SubscriberInstall, install_subscriber};
pub(crate) use switchable_tracer::{install, uninstall};
