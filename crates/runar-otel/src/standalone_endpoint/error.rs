//! Why an exporter does not start.

use crate::InitError;

/// Why an exporter does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// The address cannot be had.
    #[error("cannot listen on {host}:{port}: expected an address of this machine with a free port")]
    Address {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// No telemetry runs, and none can be started.
    #[error("telemetry cannot be started for the exporter of metrics")]
    Telemetry(#[source] InitError),
}
