//! Warnings of the wiring.

use runar_otel_core::report;

/// Writes a warning: into the log, or to standard error without a `tracing` subscriber.
pub(crate) fn warn(message: &str) {
    tracing::warn!(target: "runar_otel", "{message}");
    if !tracing::dispatcher::has_been_set() {
        report::say(message);
    }
}
