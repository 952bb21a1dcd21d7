//! The exporter of metrics that is started by a call of its own.

mod error;
mod metrics_exporter;
mod running;
mod state;

pub(crate) use self::state::{Standalone, restart_standalone, serve_all, yield_to_init};
pub use self::{
    error::ExporterError,
    metrics_exporter::{ExportFormat, ExportProtocol, MetricsExporter},
    running::RunningExporter,
};
