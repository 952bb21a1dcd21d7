//! Which peer stands where, and how it is told: by environment and flags, the shipped files stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::StackBuilder;
use crate::files::shipped;
use crate::process::Sign;
use crate::{Error, Result, ports};

/// The ports of one stack.
#[derive(Debug)]
pub(super) struct Layout {
    otlp_grpc: u16,
    otlp_http: u16,
    health: u16,
    exporter: u16,
    prometheus: u16,
    jaeger_otlp: u16,
    jaeger_http: u16,
    jaeger_grpc: u16,
    collector_scrapes: Option<String>,
    /// The Collector sends no metrics by OTLP, Prometheus scrapes its exporter.
    exporter_only: bool,
}

impl Layout {
    pub(super) fn new(options: &StackBuilder) -> Result<Self> {
        let [
            otlp_grpc,
            otlp_http,
            health,
            exporter,
            prometheus,
            jaeger_otlp,
            jaeger_http,
            jaeger_grpc,
        ] = ports::free()?;
        Ok(Self {
            otlp_grpc,
            otlp_http,
            health,
            exporter,
            prometheus,
            jaeger_otlp,
            jaeger_http,
            jaeger_grpc,
            collector_scrapes: options.collector_scrapes.clone(),
            exporter_only: options.prometheus_scrapes_collector,
        })
    }

    pub(super) fn collector(&self, program: PathBuf) -> Command {
        let mut command = alone(program);
        command.arg("--config").arg(shipped("collector.yaml"));
        if let Some(address) = &self.collector_scrapes {
            command
                .arg("--config")
                .arg(shipped("collector-scrape.yaml"));
            command.env("APPLICATION_ADDRESS", address);
        }
        if self.exporter_only {
            let scraping = self.collector_scrapes.as_ref().map(|_| "metrics/scrape");
            for pipeline in ["metrics"].into_iter().chain(scraping) {
                command.arg("--config").arg(format!(
                    "yaml:service::pipelines::{pipeline}::exporters: [prometheus]"
                ));
            }
        }
        command
            .env("COLLECTOR_OTLP_GRPC", local(self.otlp_grpc))
            .env("COLLECTOR_OTLP_HTTP", local(self.otlp_http))
            .env("COLLECTOR_HEALTH", local(self.health))
            .env("COLLECTOR_EXPORTER", local(self.exporter))
            .env("COLLECTOR_BATCH_TIMEOUT", "100ms")
            .env("TRACES_ENDPOINT", local(self.jaeger_otlp))
            .env(
                "PROMETHEUS_OTLP_ENDPOINT",
                format!("{}/api/v1/otlp", self.prometheus_address()),
            )
            .env("APPLICATION_SCRAPE_INTERVAL", "1s")
            .env("APPLICATION_SCRAPE_TIMEOUT", "1s");
        command
    }

    pub(super) fn collector_signs(&self) -> [Sign; 3] {
        [
            Sign::Http(url(self.health)),
            Sign::Port(self.otlp_grpc),
            Sign::Port(self.otlp_http),
        ]
    }

    pub(super) fn jaeger(&self, program: PathBuf) -> Command {
        let mut command = alone(program);
        command
            .arg("--config")
            .arg(shipped("jaeger.yaml"))
            .env("JAEGER_OTLP_GRPC", local(self.jaeger_otlp))
            .env("JAEGER_QUERY_HTTP", local(self.jaeger_http))
            .env("JAEGER_QUERY_GRPC", local(self.jaeger_grpc));
        command
    }

    pub(super) fn jaeger_signs(&self) -> [Sign; 2] {
        [
            Sign::Http(format!("{}/api/services", self.jaeger_address())),
            Sign::Port(self.jaeger_otlp),
        ]
    }

    /// Lays out what an installation looks like: the shipped file, and beside it `scrape.d/` with the examples that
    /// this stack wants, their addresses set.
    pub(super) fn prometheus(
        &self,
        program: PathBuf,
        options: &StackBuilder,
        directory: &Path,
    ) -> Result<Command> {
        let file = directory.join("prometheus.yml");
        fs::copy(shipped("prometheus.yml"), &file).map_err(Error::io("copy prometheus.yml"))?;
        fs::create_dir(directory.join("scrape.d")).map_err(Error::io("create scrape.d"))?;
        if let Some(address) = &options.prometheus_scrapes {
            scrape(directory, "application.yml", "localhost:9464", address)?;
        }
        if options.prometheus_scrapes_collector {
            scrape(
                directory,
                "collector.yml",
                "localhost:8889",
                &local(self.exporter),
            )?;
        }
        let mut command = alone(program);
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("tsdb").display()
            ))
            .arg(format!("--web.listen-address={}", local(self.prometheus)))
            .args([
                "--web.enable-otlp-receiver",
                "--enable-feature=exemplar-storage",
            ]);
        Ok(command)
    }

    pub(super) fn prometheus_signs(&self) -> [Sign; 1] {
        [Sign::Http(format!("{}/-/ready", self.prometheus_address()))]
    }

    pub(super) fn otlp_grpc(&self) -> String {
        url(self.otlp_grpc)
    }

    pub(super) fn otlp_http(&self) -> String {
        url(self.otlp_http)
    }

    pub(super) fn collector_exporter(&self) -> String {
        format!("{}/metrics", url(self.exporter))
    }

    pub(super) fn prometheus_address(&self) -> String {
        url(self.prometheus)
    }

    pub(super) fn jaeger_address(&self) -> String {
        url(self.jaeger_http)
    }
}

/// A command that inherits nothing: a variable of this machine must not change what a test sees.
fn alone(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}

/// Puts a shipped example into `scrape.d/`, with another address and a scrape each second.
fn scrape(directory: &Path, example: &str, placeholder: &str, address: &str) -> Result<()> {
    let path = shipped("scrape-examples").join(example);
    let content =
        fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))?;
    let target = format!("\"{placeholder}\"");
    let protocols = "    scrape_protocols:";
    if !content.contains(&target) || !content.contains(protocols) {
        return Err(Error::answer(
            path.display().to_string(),
            format!("expected {target} and `scrape_protocols:`"),
        ));
    }
    let content = content.replace(&target, &format!("\"{address}\"")).replace(
        protocols,
        &format!("    scrape_interval: 1s\n    scrape_timeout: 1s\n{protocols}"),
    );
    fs::write(directory.join("scrape.d").join(example), content)
        .map_err(Error::io("write a scrape configuration"))
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn url(port: u16) -> String {
    format!("http://{}", local(port))
}
