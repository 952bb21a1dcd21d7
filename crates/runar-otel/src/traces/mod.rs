//! Spans: from `tracing` to the SDK, from the SDK to a Collector, and into log lines.

mod console;
#[cfg(feature = "subscriber")]
mod directives;
mod error;
#[cfg(feature = "subscriber")]
mod fields;
mod head;
mod head_decision;
mod layer;
#[cfg(feature = "subscriber")]
mod log_format;
mod observed;
#[cfg(feature = "otlp")]
mod on_runtime;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "subscriber")]
mod printable;
mod propagation;
mod provider;
mod shutdown;
#[cfg(feature = "subscriber")]
mod spanless;
#[cfg(feature = "subscriber")]
mod sparing;
#[cfg(feature = "otlp")]
mod spilled;
#[cfg(feature = "subscriber")]
mod subscriber;
mod switchable_tracer;
mod unheard;
mod visibility;

pub use error::TracesError;
pub(crate) use head_decision::{forget_spans, has_spans};
pub use layer::layer;
#[cfg(feature = "otlp")]
pub(crate) use otlp::set_urgency;
pub(crate) use propagation::{PropagatorInstall, install_propagators, remove_propagators};
pub(crate) use provider::{Sampling, builder_with};
pub(crate) use shutdown::{flush, shutdown};
#[cfg(feature = "subscriber")]
pub(crate) use subscriber::{SubscriberInstall, install_subscriber};
pub(crate) use switchable_tracer::{install, uninstall};
#[cfg(not(feature = "subscriber"))]
pub(crate) use visibility::is_installed;
