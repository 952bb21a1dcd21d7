//! Why an exporter does not start.

use crate::InitError;

/// Why an exporter does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// The address cannot be bound.
    #[error("cannot listen on {host}:{port}: expected an address of this machine with a free port")]
    Address {
        /// The requested host name or address.
        host: String,
        /// The requested port; 0 asks for any free one.
        port: u16,
    },
    /// No telemetry runs, and none can be started.
    #[error("telemetry cannot be started for the exporter of metrics")]
    Telemetry(#[source] InitError),
}
