//! The encoders: pure functions from a snapshot to a wire format or to text.
//!
//! Encoders depend on [`Snapshot`](crate::snapshot::Snapshot) alone: no clock, no I/O, no runtime. Parts that a format
//! cannot express are left out and named in the result; the caller reports them.

pub mod console;
pub mod exposition;
pub mod otlp;
pub(crate) mod pair;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
