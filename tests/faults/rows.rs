//! Faults beside the matrix: of a neighbour, of a callback, and of the way that label sets take.

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use crate::{
    application::{CALLBACK, LIMIT, SHUTDOWN as SHUTDOWN_LIMIT},
    bench::{Bench, Protocol, Setup, Temporality, names},
    child::Output,
    finding::{Case, Findings},
    ledger::{self, Shape},
    proxy::Mode,
    receiver::Answer,
};

const SOON: Duration = Duration::from_secs(8);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("console-unread/http/cumulative/interval", an_unread_console),
        Case::new("idle-connections/http/cumulative/flush", idle_connections),
    ];
    for protocol in Protocol::ALL {
        let name = |row: &str, rest: &str| format!("{row}/{}/{rest}", protocol.name());
        cases.push(Case::new(name("starts", "delta/flush"), move |findings| {
            starts(protocol, findings);
        }));
        cases.push(Case::new(name("churn", "delta/flush"), move |findings| {
            churn(protocol, findings);
        }));
        cases.push(Case::new(
            name("long-outage", "delta/flush"),
            move |findings| {
                a_long_outage(protocol, findings);
            },
        ));
        cases.push(Case::new(
            name("headers", "cumulative/flush"),
            move |findings| {
                headers(protocol, findings);
            },
        ));
        cases.push(Case::new(
            name("console-beside-hang", "cumulative/shutdown"),
            move |findings| a_console_beside_a_silent_receiver(protocol, findings),
        ));
        cases.push(Case::new(
            name("kind-changes", "cumulative/interval"),
            move |findings| the_kind_changes(protocol, findings),
        ));
        for temporality in Temporality::ALL {
            let rest = format!("{}/interval", temporality.name());
            cases.push(Case::new(name("slow-callback", &rest), move |findings| {
                a_slow_callback(protocol, temporality, findings);
            }));
        }
    }
    cases
}

/// Delta points of one instrument start where the last collection ended, whichever of them changed then.
fn starts(protocol: Protocol, findings: &mut Findings) {
    let mut bench = Bench::start(&Setup::new(protocol, Temporality::Delta));
    bench.record(1);
    bench.application.tell("flush 2000");
    bench.application.tell("touch");
    bench.application.tell("flush 2000");
    bench.record(1);
    bench.application.tell("flush 2000");
    let taken = bench.receiver.taken();
    let last = taken.last().expect("three requests");
    let mut starts = ledger::starts(last, &ledger::work(0));
    starts.sort_unstable();
    starts.dedup();
    findings.expect(
        "aligned",
        starts.len() == 1,
        format!("starts are {starts:?}"),
    );
}

/// Label sets that are idle make room for others, if there is no endpoint.
fn churn(protocol: Protocol, findings: &mut Findings) {
    let setup = Setup::new(protocol, Temporality::Delta)
        .with("OTEL_METRICS_EXPORTER", "otlp")
        .with(LIMIT, "30");
    let mut bench = Bench::start(&setup);
    for _ in 0..6 {
        bench.application.tell("churn 10");
        bench.application.tell("flush 2000");
    }
    let taken = bench.receiver.taken();
    let points: Vec<usize> = taken.iter().map(ledger::churned).collect();
    let overflow = taken.iter().any(ledger::overflows);
    let found = format!("points of the pushes are {points:?}, overflow: {overflow}");
    findings.expect(
        "overflow",
        !overflow && points.iter().all(|points| *points == 10),
        found,
    );
}

/// A hundred failed pushes of deltas take the memory of a few, and nothing is lost.
fn a_long_outage(protocol: Protocol, findings: &mut Findings) {
    let mut setup = Setup::new(protocol, Temporality::Delta)
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")
        .with("OTEL_METRIC_EXPORT_TIMEOUT", "10000")
        .with(SHUTDOWN_LIMIT, "5000");
    setup.shape = Shape {
        metrics: 4,
        sets: 1000,
    };
    let mut bench = Bench::start(&setup);
    bench.receiver.set(Answer::Unknown);
    let mut early = 0;
    for push in 0..100 {
        bench.record(1);
        bench.application.tell("flush 5000");
        if push == 20 {
            early = bench.application.memory();
        }
    }
    let late = bench.application.memory();
    let found = format!("{early} KiB after 20 failed pushes, {late} KiB after 100");
    findings.note(&found);
    findings.expect("memory", late < early + early / 5, found);
    bench.receiver.set(Answer::Take);
    bench.application.tell("flush 5000");
    bench.record(1);
    bench.application.shut_down();
    findings.expect_none("ledger", bench.differences());
    bench.expect_windows(findings);
}

/// Spans carry the headers that are allowed, as metrics do.
fn headers(protocol: Protocol, findings: &mut Findings) {
    let setup = Setup::new(protocol, Temporality::Cumulative)
        .with("OTEL_TRACES_EXPORTER", "otlp")
        .with(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "content-type=text/plain,k=%zz,good=1",
        );
    let mut bench = Bench::start(&setup);
    bench.record(1);
    bench.application.tell("span");
    bench.application.tell("flush 2000");
    let expected = match protocol {
        Protocol::Http => "application/x-protobuf",
        Protocol::Grpc => "application/grpc",
    };
    let spans = bench.receiver.spans();
    let right = spans.iter().all(|headers| {
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
        is("content-type", expected) && is("good", "1") && !headers.contains_key("k")
    });
    findings.expect("headers", right && !spans.is_empty(), format!("{spans:?}"));
    findings.expect_none("ledger", bench.differences());
}

/// A console that nobody reads stops only itself.
fn an_unread_console(findings: &mut Findings) {
    let mut setup = Setup::new(Protocol::Http, Temporality::Cumulative)
        .with("OTEL_METRICS_EXPORTER", "console,otlp,prometheus");
    setup.output = Output::Unread;
    setup.interval = 200;
    let mut bench = Bench::start(&setup);
    bench.record(1);
    thread::sleep(Duration::from_secs(7));
    bench.expect_scrapes(findings, 2);
    bench.record(1);
    findings.expect("ledger", bench.wait(SOON), "the receiver does not get all");
    bench.expect_end(findings);
}

/// Connections that say nothing make room for a scraper.
fn idle_connections(findings: &mut Findings) {
    let mut bench = Bench::start(&Setup::new(Protocol::Http, Temporality::Cumulative));
    bench.record(1);
    let address = bench.application.endpoint();
    let idle: Vec<_> = (0..80).map(|_| TcpStream::connect(address)).collect();
    thread::sleep(Duration::from_millis(200));
    bench.expect_scrapes(findings, 1);
    drop(idle);
    bench.expect_end(findings);
}

/// A silent receiver does not take the console's last totals.
fn a_console_beside_a_silent_receiver(protocol: Protocol, findings: &mut Findings) {
    let setup =
        Setup::new(protocol, Temporality::Cumulative).with("OTEL_METRICS_EXPORTER", "otlp,console");
    let mut bench = Bench::start(&setup);
    bench.proxy.set(Mode::Hang);
    bench.record(2);
    bench.expect_end(findings);
    thread::sleep(Duration::from_millis(50));
    let printed = bench.application.printed().contains(&ledger::work(0));
    findings.expect(
        "console",
        printed,
        "the last totals are not on standard output",
    );
    let log = bench.application.log();
    let wrong = log
        .lines()
        .find(|line| line.contains("could not be collected"));
    findings.expect_none("truth", wrong.map(str::to_owned));
}

/// An outage that changes its kind is told again.
fn the_kind_changes(protocol: Protocol, findings: &mut Findings) {
    let mut setup = Setup::new(protocol, Temporality::Cumulative);
    setup.interval = 200;
    let mut bench = Bench::start(&setup);
    bench.proxy.set(Mode::Refuse);
    bench.record(1);
    thread::sleep(Duration::from_millis(1500));
    bench.receiver.set(Answer::Unknown);
    bench.proxy.set(Mode::Pass);
    thread::sleep(Duration::from_secs(2));
    let log = bench.application.log();
    let words: &[&str] = match protocol {
        Protocol::Http => &["404"],
        Protocol::Grpc => &["Unimplemented"],
    };
    findings.expect("cause", names(&log, &["refused"]), log.clone());
    findings.expect(
        "status",
        names(&log, words),
        format!("none of {words:?} in {log}"),
    );
    bench.expect_end(findings);
}

/// A collection that is slower than the time limit of a push is delivered, late.
fn a_slow_callback(protocol: Protocol, temporality: Temporality, findings: &mut Findings) {
    let mut setup = Setup::new(protocol, temporality)
        .with(CALLBACK, "700")
        .with("OTEL_METRIC_EXPORT_TIMEOUT", "500");
    setup.interval = 200;
    let mut bench = Bench::start(&setup);
    bench.record(1);
    let began = Instant::now();
    let arrived = bench.wait(SOON);
    let found = format!("nothing is received after {:?}", began.elapsed());
    findings.expect("ledger", arrived, found);
    bench.expect_windows(findings);
    let log = bench.application.log();
    findings.expect("quiet", log.lines().count() <= 6, log);
    bench.expect_end(findings);
}
