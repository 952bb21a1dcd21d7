//! The configuration of an exporter, and its start.

use std::time::Duration;

use runar_otel_core::report;

use super::{
    ExporterError, RunningExporter,
    state::{self, Slot},
};
use crate::{endpoints::Address, init::start_metrics_only};

/// Serves metrics over HTTP, with or without [`init`](crate::init()).
///
/// While telemetry runs, its metrics are served; an endpoint that listens on the address already is shared. While none
/// runs, the exporter starts telemetry: metrics alone, without spans, OTLP or a `tracing` subscriber. A later `init()`
/// replaces that telemetry: totals begin anew, and the exporter continues to serve. When the telemetry of an `init()`
/// ends, the exporter is silent until the next one.
///
/// A client that accepts OpenMetrics, as Prometheus does, gets a page in that format, with exemplars. Other clients get
/// the text format 0.0.4.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use runar_otel::{Counter, ExportFormat, ExportProtocol, MetricsExporter};
///
/// MetricsExporter::new()
///     .format(ExportFormat::OpenMetrics)
///     .protocol(ExportProtocol::Http)
///     .interval(Duration::from_secs(15))
/// #   .address("127.0.0.1", 0)
///     .start();
///
/// Counter::new("orders_total", "Orders taken").register().increment();
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "an exporter does something with `start()`"]
pub struct MetricsExporter {
    format: ExportFormat,
    protocol: ExportProtocol,
    interval: Duration,
    address: Option<Address>,
}

/// The format of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// OpenMetrics 1.0, with exemplars.
    #[default]
    OpenMetrics,
}

/// The protocol by which metrics are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportProtocol {
    /// An HTTP endpoint to scrape: `GET /metrics`.
    #[default]
    Http,
}

impl MetricsExporter {
    /// Configures an exporter: OpenMetrics over HTTP, where `init()` would serve it (by default `localhost`, port
    /// 9464), collected for every scrape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the format.
    pub fn format(mut self, format: ExportFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets the protocol.
    pub fn protocol(mut self, protocol: ExportProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets how often scrapes are expected, such as Prometheus's `scrape_interval`.
    ///
    /// Metrics are not collected more often than twice per interval: a page is served again for half of it. So a
    /// scraper that keeps to the interval always gets a new one, while a second scraper, or somebody who reloads the
    /// page, costs no collection. By default, and with zero, every scrape collects. If several exporters share an
    /// endpoint, the last one counts.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the host and port to listen on. Port 0 takes a free port.
    pub fn address(mut self, host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        self.address = Some(Address { host, port });
        self
    }

    /// Starts serving, until the process ends.
    ///
    /// A failure is reported once and the application runs on; a port in use is tried again until it is free.
    pub fn start(self) {
        if let Err(error) = self.launch() {
            report::once(
                ("exporter", error.to_string()),
                || match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                },
            );
        }
    }

    /// Like [`start`](Self::start), but returns the exporter, or the reason why it cannot start.
    ///
    /// The exporter continues to serve when the value is dropped.
    ///
    /// # Errors
    /// When the address cannot be bound, or telemetry cannot start; nothing is left behind then.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), runar_otel::ExporterError> {
    /// let exporter = runar_otel::MetricsExporter::new().address("127.0.0.1", 0).try_start()?;
    /// assert!(exporter.address().is_some());
    /// exporter.stop();
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_start(self) -> Result<RunningExporter, ExporterError> {
        let running = self.launch()?;
        match running.refused() {
            Some(Address { host, port }) => {
                running.stop();
                Err(ExporterError::Address { host, port })
            }
            None => Ok(running),
        }
    }

    fn launch(self) -> Result<RunningExporter, ExporterError> {
        let slot = Slot::new(self.address, self.interval / 2);
        state::launch(&slot, start_metrics_only)?;
        Ok(RunningExporter::new(slot))
    }
}
