//! The way from a handle to the series in the current provider: bound late, and again when the provider changes.

pub(crate) mod cached;
pub(crate) mod early_measurements;
pub(crate) mod instrument;
pub mod isolated_recorder;
pub(crate) mod provider;
pub(crate) mod recorder_clock;
pub(crate) mod registry;
