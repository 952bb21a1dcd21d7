//! Collector, Prometheus and Jaeger together, with the project's own configuration files on free ports.

mod layout;

use tempfile::TempDir;

use crate::client::{Jaeger, Prometheus};
use crate::command::say;
use crate::process::Process;
use crate::{Error, Result, peers};

use layout::Layout;

/// How often to start over when another process has taken a port in between.
const ATTEMPTS: usize = 3;

/// What a stack does beyond taking OTLP.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct StackBuilder {
    collector_scrapes: Option<String>,
    prometheus_scrapes: Option<String>,
    prometheus_scrapes_collector: bool,
}

impl StackBuilder {
    /// The Collector scrapes `http://<address>/metrics` each second (`collector-scrape.yaml`).
    pub fn collector_scrapes(mut self, address: impl Into<String>) -> Self {
        self.collector_scrapes = Some(address.into());
        self
    }

    /// Prometheus scrapes `http://<address>/metrics` each second (`scrape-examples/application.yml`).
    pub fn prometheus_scrapes(mut self, address: impl Into<String>) -> Self {
        self.prometheus_scrapes = Some(address.into());
        self
    }

    /// The other way out: Prometheus scrapes the Collector's exporter each second (`scrape-examples/collector.yml`), and the
    /// Collector sends it no metrics by OTLP.
    pub fn prometheus_scrapes_collector(mut self) -> Self {
        self.prometheus_scrapes_collector = true;
        self
    }

    /// Starts the peers and waits until all are ready; builds them first if need be.
    ///
    /// # Errors
    /// What [`peers`] says when one cannot be built, [`Error::Ended`] with its log when one does not start.
    pub fn start(&self) -> Result<Stack> {
        for _ in 1..ATTEMPTS {
            match Stack::attempt(self) {
                Err(Error::Ended { name, log, .. }) if log.contains("address already in use") => {
                    say(&format!(
                        "a port of {name} was taken in between, starting the stack over"
                    ));
                }
                outcome => return outcome,
            }
        }
        Stack::attempt(self)
    }
}

/// A running stack; it ends, and its data vanish, when it is dropped.
#[derive(Debug)]
pub struct Stack {
    // Dropped in this order: senders before receivers, the folder last.
    collector: Option<Process>,
    _prometheus: Process,
    _jaeger: Process,
    layout: Layout,
    directory: TempDir,
}

impl Stack {
    /// Starts a stack that takes OTLP and scrapes nothing, which is what the shipped files do by themselves.
    ///
    /// # Errors
    /// As [`StackBuilder::start`].
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// A stack that does more.
    pub fn builder() -> StackBuilder {
        StackBuilder::default()
    }

    fn attempt(options: &StackBuilder) -> Result<Self> {
        let directory = tempfile::tempdir().map_err(Error::io("create a folder for the stack"))?;
        let layout = Layout::new(options)?;
        let path = directory.path();
        let mut jaeger = Process::start("jaeger", &mut layout.jaeger(peers::jaeger()?), path)?;
        let mut prometheus = Process::start(
            "prometheus",
            &mut layout.prometheus(peers::prometheus()?, options, path)?,
            path,
        )?;
        jaeger.wait_until_ready(&layout.jaeger_signs())?;
        prometheus.wait_until_ready(&layout.prometheus_signs())?;
        let mut stack = Self {
            collector: None,
            _prometheus: prometheus,
            _jaeger: jaeger,
            layout,
            directory,
        };
        stack.start_collector()?;
        Ok(stack)
    }

    /// Starts the Collector again, on the same ports; nothing happens while it runs.
    ///
    /// # Errors
    /// As [`StackBuilder::start`].
    pub fn start_collector(&mut self) -> Result<()> {
        if self.collector.is_none() {
            let mut command = self.layout.collector(peers::collector()?);
            let mut collector = Process::start("collector", &mut command, self.directory.path())?;
            let signs = self.layout.collector_signs();
            collector.wait_until_ready(&signs)?;
            self.collector = Some(collector);
        }
        Ok(())
    }

    /// Ends the Collector as an operator would: it passes on what it has, then its ports refuse connections.
    ///
    /// # Errors
    /// As [`Process::stop`].
    pub fn stop_collector(&mut self) -> Result<()> {
        self.collector.take().map_or(Ok(()), Process::stop)
    }

    /// Kills the Collector: what it has accepted and not passed on is lost.
    pub fn kill_collector(&mut self) {
        self.collector = None;
    }

    /// What the Collector has printed since the stack was started.
    #[must_use]
    pub fn collector_log(&self) -> String {
        self.collector
            .as_ref()
            .map(Process::log)
            .unwrap_or_default()
    }

    /// Where the Collector takes OTLP by gRPC: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn otlp_grpc(&self) -> String {
        self.layout.otlp_grpc()
    }

    /// Where the Collector takes OTLP by HTTP, without `/v1/…`: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn otlp_http(&self) -> String {
        self.layout.otlp_http()
    }

    /// The page of the Collector's `prometheus` exporter: `http://127.0.0.1:<port>/metrics`.
    #[must_use]
    pub fn collector_exporter(&self) -> String {
        self.layout.collector_exporter()
    }

    /// A client of this stack's Prometheus.
    #[must_use]
    pub fn prometheus(&self) -> Prometheus {
        Prometheus::new(self.layout.prometheus_address())
    }

    /// A client of this stack's Jaeger.
    #[must_use]
    pub fn jaeger(&self) -> Jaeger {
        Jaeger::new(self.layout.jaeger_address())
    }
}
