//! Readers of the OpenTelemetry SDK that the application attached: none without the feature `sdk-reader`.

#[cfg(not(feature = "sdk-reader"))]
mod none;
#[cfg(feature = "sdk-reader")]
mod readers;

#[cfg(not(feature = "sdk-reader"))]
pub(crate) use none::{Attached, AttachedReader};
#[cfg(feature = "sdk-reader")]
pub(crate) use readers::{Attached, AttachedReader};
