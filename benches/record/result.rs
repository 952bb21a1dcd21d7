//! The result of whatever can fail in a measurement.

/// The value, or any error at all: the measurement ends with it.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
