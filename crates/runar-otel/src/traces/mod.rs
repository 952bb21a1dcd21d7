//! Spans: from `tracing` to the SDK, from the SDK to a Collector, and into log lines.

mod console;
mod decided;
mod directives;
mod error;
mod fields;
mod head;
mod late;
mod layer;
mod lines;
mod on_runtime;
mod otlp;
mod propagation;
mod provider;
mod spanless;
mod sparing;
mod stop;
mod subscriber;
mod unheard;
mod visibility;

pub use error::TracesError;
pub(crate) use late::{install, uninstall};
pub use layer::layer;
pub(crate) use propagation::{install_propagators, remove_propagators};
pub(crate) use provider::{Sampling, builder};
pub(crate) use stop::{flush, shutdown};
pub(crate) use subscriber::{SubscriberInstall, install_subscriber};
