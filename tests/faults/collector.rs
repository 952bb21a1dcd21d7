//! The real Collector between the application and the receiver: killed, paused, and with its limits of size.
//!
//! The Collector passes requests on as they come, and acknowledges a request after its receiver has: what is acknowledged is
//! not lost when the Collector is killed.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    process::Command,
    thread,
    time::Duration,
};

use support::{
    peers,
    process::{Process, Sign},
};
use tempfile::TempDir;

use crate::{
    bench::{Bench, Protocol, Setup, Temporality, names, runtime},
    finding::{Case, Findings},
    ledger::Shape,
    matrix::TIMEOUT,
    proxy::loopback,
    receiver::Receiver,
};

const SOON: Duration = Duration::from_secs(8);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for protocol in Protocol::ALL {
        for temporality in Temporality::ALL {
            let name = |row: &str, occasion: &str| {
                format!(
                    "collector-{row}/{}/{}/{occasion}",
                    protocol.name(),
                    temporality.name()
                )
            };
            cases.push(Case::new(name("limit", "flush"), move |findings| {
                small_limit(protocol, temporality, findings);
            }));
            cases.push(Case::new(name("killed", "interval"), move |findings| {
                killed(protocol, temporality, findings);
            }));
            cases.push(Case::new(name("paused", "interval"), move |findings| {
                paused(protocol, temporality, findings);
            }));
            cases.push(Case::new(name("paused", "shutdown"), move |findings| {
                paused_at_the_end(protocol, temporality, findings);
            }));
        }
    }
    cases
}

/// Cases that take the machine for themselves.
pub(crate) fn large_cases() -> Vec<Case> {
    let name = "collector-many/grpc/cumulative/flush";
    vec![Case::new(name, many_series)]
}

/// Three free ports of a loopback address of their own.
fn addresses() -> io::Result<[SocketAddr; 3]> {
    let address = loopback();
    let bind = || TcpListener::bind((address, 0));
    let held = [bind()?, bind()?, bind()?];
    let [grpc, http, health] = held.each_ref().map(TcpListener::local_addr);
    Ok([grpc?, http?, health?])
}

/// A Collector that passes metrics on to a receiver.
struct Collector {
    process: Option<Process>,
    configuration: String,
    grpc: SocketAddr,
    http: SocketAddr,
    health: SocketAddr,
    directory: TempDir,
}

impl Collector {
    /// Starts a Collector; `limit` in MiB is the largest request.
    fn start(receiver: &Receiver, limit: Option<u32>) -> Self {
        let [grpc, http, health] = addresses().expect("free ports");
        let largest = limit.map_or(String::new(), |mib| {
            format!("\n        max_recv_msg_size_mib: {mib}")
        });
        let body = limit.map_or(String::new(), |mib| {
            format!("\n        max_request_body_size: {}", mib << 20)
        });
        let configuration = format!(
            "receivers:
  otlp:
    protocols:
      grpc:
        endpoint: {grpc}{largest}
      http:
        endpoint: {http}{body}
exporters:
  otlp_http:
    endpoint: http://{}
    compression: none
    retry_on_failure: {{ enabled: false }}
    sending_queue: {{ enabled: false }}
extensions:
  health_check: {{ endpoint: {health} }}
service:
  extensions: [health_check]
  telemetry: {{ metrics: {{ level: none }} }}
  pipelines:
    metrics: {{ receivers: [otlp], exporters: [otlp_http] }}
",
            receiver.address()
        );
        let directory = tempfile::tempdir().expect("a folder");
        let mut collector = Self {
            process: None,
            configuration,
            grpc,
            http,
            health,
            directory,
        };
        collector.run();
        collector
    }

    /// Starts the process, again on the same ports.
    fn run(&mut self) {
        let path = self.directory.path().join("collector.yaml");
        fs::write(&path, &self.configuration).expect("the configuration");
        let program = peers::collector().expect("the Collector");
        let mut command = Command::new(program);
        command.arg("--config").arg(&path);
        let process = Process::start("collector", &mut command, self.directory.path());
        let mut process = process.expect("the Collector");
        let signs = [Sign::Http(format!("http://{}", self.health))];
        process.wait_until_ready(&signs).expect("the Collector");
        self.process = Some(process);
    }

    fn kill(&mut self) {
        self.process = None;
    }

    fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("a running Collector");
        process.signal(name).expect("`kill`");
    }

    fn address(&self, protocol: Protocol) -> SocketAddr {
        match protocol {
            Protocol::Http => self.http,
            Protocol::Grpc => self.grpc,
        }
    }

    /// Sends the pushes of an application to this Collector.
    fn before(&self, setup: Setup) -> Setup {
        let address = self.address(setup.protocol);
        setup.with("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}"))
    }
}

/// A Collector with the pushing application before it.
fn start(setup: Setup, limit: Option<u32>) -> (Collector, Bench) {
    let receiver = Receiver::start(runtime().handle()).expect("a receiver");
    let collector = Collector::start(&receiver, limit);
    let mut bench = Bench::start(&collector.before(setup));
    bench.receiver = receiver;
    (collector, bench)
}

fn pushing(protocol: Protocol, temporality: Temporality) -> Setup {
    let mut setup = Setup::new(protocol, temporality);
    setup.interval = 200;
    setup
}

/// Expects that all is received in the end, once.
fn expect_all(bench: &mut Bench, findings: &mut Findings) {
    bench.record(1);
    bench.wait(SOON);
    bench.record(1);
    bench.expect_end(findings);
    findings.expect_none("ledger", bench.differences());
    bench.expect_windows(findings);
}

/// Expects that the log names the Collector's address and one of these words.
fn expect_words(
    bench: &Bench,
    collector: &Collector,
    protocol: Protocol,
    words: &[&str],
    findings: &mut Findings,
) {
    let log = bench.application.log();
    let host = collector.address(protocol).to_string();
    findings.expect("host", log.contains(&host), format!("no {host} in {log}"));
    findings.expect(
        "cause",
        names(&log, words),
        format!("none of {words:?} in {log}"),
    );
}

fn killed(protocol: Protocol, temporality: Temporality, findings: &mut Findings) {
    let (mut collector, mut bench) = start(pushing(protocol, temporality), None);
    bench.record(1);
    bench.wait(SOON);
    findings.expect_none("before", bench.differences());
    collector.kill();
    bench.record(2);
    thread::sleep(Duration::from_millis(1500));
    bench.expect_scrapes(findings, 1);
    bench.record(3);
    collector.run();
    expect_all(&mut bench, findings);
    expect_words(&bench, &collector, protocol, &["refused"], findings);
}

fn paused(protocol: Protocol, temporality: Temporality, findings: &mut Findings) {
    let (collector, mut bench) = start(pushing(protocol, temporality), None);
    bench.record(1);
    bench.wait(SOON);
    collector.signal("STOP");
    for _ in 0..3 {
        bench.record(2);
        thread::sleep(Duration::from_millis(700));
    }
    bench.expect_scrapes(findings, 1);
    collector.signal("CONT");
    expect_all(&mut bench, findings);
    expect_words(&bench, &collector, protocol, TIMEOUT, findings);
}

fn paused_at_the_end(protocol: Protocol, temporality: Temporality, findings: &mut Findings) {
    let (collector, mut bench) = start(Setup::new(protocol, temporality), None);
    bench.record(1);
    bench.application.tell("flush 2000");
    findings.expect_none("before", bench.differences());
    collector.signal("STOP");
    bench.record(2);
    bench.expect_end(findings);
    collector.signal("CONT");
    bench.expect_windows(findings);
    expect_words(&bench, &collector, protocol, TIMEOUT, findings);
}

/// Requests of 2 MiB before a Collector that takes one.
fn small_limit(protocol: Protocol, temporality: Temporality, findings: &mut Findings) {
    let mut setup = Setup::new(protocol, temporality)
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")
        .with("OTEL_METRIC_EXPORT_TIMEOUT", "30000")
        .with(crate::application::SHUTDOWN, "10000");
    setup.shape = Shape {
        metrics: 9,
        sets: 1200,
    };
    let (collector, mut bench) = start(setup, Some(1));
    bench.record(1);
    let answer = bench.application.tell("flush 20000");
    let differences = bench.differences();
    findings.expect_none(
        "ledger",
        differences.map(|text| format!("{text}; {answer}")),
    );
    bench.expect_windows(findings);
    let words: &[&str] = match protocol {
        // The Collector's server for HTTP says 400 where 413 is meant.
        Protocol::Http => &["request body too large", "takes"],
        Protocol::Grpc => &["larger than max", "takes"],
    };
    expect_words(&bench, &collector, protocol, words, findings);
    let log = bench.application.log();
    let wrong = log.lines().find(|line| line.contains("nothing is lost"));
    findings.expect_none("truth", wrong.map(str::to_owned));
}

/// A hundred metrics of two thousand series each, with the limits that everybody has.
fn many_series(findings: &mut Findings) {
    let mut setup = Setup::new(Protocol::Grpc, Temporality::Cumulative)
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")
        .with("OTEL_METRIC_EXPORT_TIMEOUT", "30000")
        .with(crate::application::SHUTDOWN, "10000");
    setup.shape = Shape {
        metrics: 100,
        sets: 2000,
    };
    let (_collector, mut bench) = start(setup, None);
    bench.record(1);
    let answer = bench.application.tell("flush 30000");
    let differences = bench.differences();
    findings.expect_none(
        "ledger",
        differences.map(|text| format!("{text}; {answer}")),
    );
    findings.note(format!("the flush answers {answer}"));
}
