//! A receiver, a proxy before it, and an application that pushes to the proxy.

use std::{
    io::Write as _,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempPath;
use tokio::runtime::{Builder, Runtime};

use crate::{
    child::{Application, Output},
    finding::Findings,
    ledger::{self, Account, Shape, Totals},
    proxy::Proxy,
    receiver::Receiver,
    resolver,
};

/// The runtime of all proxies and receivers.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build();
        runtime.expect("a runtime")
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Grpc,
}

impl Protocol {
    pub(crate) const ALL: [Self; 2] = [Self::Http, Self::Grpc];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporality {
    Cumulative,
    Delta,
}

impl Temporality {
    pub(crate) const ALL: [Self; 2] = [Self::Cumulative, Self::Delta];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
        }
    }
}

/// The time limit of a shutdown, in milliseconds.
pub(crate) const SHUTDOWN: u64 = 1000;
/// The time limit of one attempt, in milliseconds.
pub(crate) const ATTEMPT: u64 = 400;
/// The time limit of a push, in milliseconds.
pub(crate) const PUSH: u64 = 1000;

/// Settings of a bench.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) protocol: Protocol,
    pub(crate) temporality: Temporality,
    pub(crate) shape: Shape,
    /// The push interval in milliseconds.
    pub(crate) interval: u64,
    /// True if the application knows its receiver by a name that the resolver hangs at.
    pub(crate) named: bool,
    pub(crate) output: Output,
    /// Variables that replace those of the bench.
    pub(crate) extra: Vec<(&'static str, String)>,
}

impl Setup {
    pub(crate) fn new(protocol: Protocol, temporality: Temporality) -> Self {
        Self {
            protocol,
            temporality,
            shape: Shape {
                metrics: 2,
                sets: 20,
            },
            interval: 60_000,
            named: false,
            output: Output::Kept,
            extra: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.extra.push((name, value.to_owned()));
        self
    }
}

pub(crate) struct Bench {
    pub(crate) receiver: Receiver,
    pub(crate) proxy: Proxy,
    pub(crate) application: Application,
    /// Host and port, as the application knows them.
    pub(crate) host: String,
    shape: Shape,
    /// Recordings so far.
    recorded: u64,
    resolved: TempPath,
}

impl Bench {
    pub(crate) fn start(setup: &Setup) -> Self {
        let handle = runtime().handle();
        let receiver = Receiver::start(handle).expect("a receiver");
        let proxy = Proxy::start(handle, receiver.address()).expect("a proxy");
        let resolved = tempfile::NamedTempFile::new()
            .expect("a file")
            .into_temp_path();
        let host = match setup.named {
            true => format!("receiver.invalid:{}", proxy.address().port()),
            false => proxy.address().to_string(),
        };
        let protocol = match setup.protocol {
            Protocol::Http => "http/protobuf",
            Protocol::Grpc => "grpc",
        };
        let mut environment = vec![
            ("OTEL_METRICS_EXPORTER", "otlp,prometheus".to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{host}")),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            (
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                setup.temporality.name().to_owned(),
            ),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", ATTEMPT.to_string()),
            ("OTEL_METRIC_EXPORT_TIMEOUT", PUSH.to_string()),
            ("OTEL_METRIC_EXPORT_INTERVAL", setup.interval.to_string()),
            (crate::application::SHUTDOWN, SHUTDOWN.to_string()),
        ];
        if setup.named {
            environment.push(("LD_PRELOAD", resolver::shim().display().to_string()));
            environment.push(("FAULTS_RESOLVED", resolved.display().to_string()));
        }
        environment.extend(setup.extra.iter().cloned());
        let application = Application::start(setup.shape, setup.output, &environment);
        let bench = Self {
            receiver,
            proxy,
            application,
            host,
            shape: setup.shape,
            recorded: 0,
            resolved,
        };
        bench.resolve(true);
        bench
    }

    /// Lets the resolver answer, or hang.
    pub(crate) fn resolve(&self, answers: bool) {
        let mut file = std::fs::File::create(&self.resolved).expect("the file of the resolver");
        if answers {
            let _ = write!(file, "{}", self.proxy.address().ip());
        }
    }

    pub(crate) fn record(&mut self, number: u64) {
        self.application.tell(&format!("record {number}"));
        self.recorded += number;
    }

    /// The totals recorded until now.
    pub(crate) fn expected(&self) -> Totals {
        ledger::expected(self.shape, self.recorded)
    }

    pub(crate) fn account(&self) -> Account {
        ledger::settle(&self.receiver.taken())
    }

    /// The differences between the recorded and the received totals.
    pub(crate) fn differences(&self) -> Option<String> {
        ledger::differences(&self.expected(), &self.account().totals)
    }

    /// Waits until all that was recorded is received.
    pub(crate) fn wait(&self, within: Duration) -> bool {
        let began = Instant::now();
        let mut seen = usize::MAX;
        loop {
            let arrivals = self.receiver.arrivals().len();
            if arrivals != seen && self.differences().is_none() {
                return true;
            }
            seen = arrivals;
            if began.elapsed() > within {
                return false;
            }
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// Scrapes a few times; expects each answer within a second.
    pub(crate) fn expect_scrapes(&self, findings: &mut Findings, times: usize) {
        let slow = (0..times).find_map(|_| match self.application.scrape() {
            Ok(time) if time <= Duration::from_secs(1) => None,
            Ok(time) => Some(format!("answered after {time:?}")),
            Err(error) => Some(error),
        });
        findings.expect_none("scrape", slow);
    }

    /// Ends the application; expects the end within the time limit and half a second. Returns the application's answer.
    pub(crate) fn expect_end(&mut self, findings: &mut Findings) -> (Duration, serde_json::Value) {
        let (took, answer) = self.application.shut_down();
        let limit = Duration::from_millis(SHUTDOWN + 500);
        findings.expect("end", took <= limit, format!("ended after {took:?}"));
        (took, answer)
    }

    /// Expects that the received windows fit each other, and notes the surplus of a receiver that counts all.
    pub(crate) fn expect_windows(&self, findings: &mut Findings) {
        let account = self.account();
        let conflicts = account
            .conflicts
            .first()
            .map(|first| format!("{} conflicts, the first: {first}", account.conflicts.len()));
        findings.expect_none("windows", conflicts);
        findings.surplus = account.surplus(&self.expected());
        let requests = self.receiver.taken().len();
        findings.note(format!("{} points in {requests} requests", account.points));
    }
}

/// True if a text has one of these words, in upper or lower case.
pub(crate) fn names(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(&word.to_lowercase()))
}
