//! The exporter of metrics that is started by a call of its own.

mod error;
mod metrics_exporter;
mod running;
mod state;

pub(crate) use self::state::{StoodIn, make_way, serve_all, stand_in_again};
pub use self::{
    error::ExporterError,
    metrics_exporter::{ExportFormat, ExportProtocol, MetricsExporter},
    running::RunningExporter,
};
