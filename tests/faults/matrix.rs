//! Each fault, over each protocol, in each temporality, at each occasion of a delivery.

use std::{thread, time::Duration};

use crate::{
    bench::{Bench, Protocol, Setup, Temporality, names},
    finding::{Case, Findings},
    ledger,
    proxy::Mode,
    receiver::{Answer, Wording},
};

/// The largest request that a limited receiver takes, in bytes; the application's requests are larger.
const LIMIT: usize = 4000;

/// A fault of the way, of the resolver or of the receiver.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Way(Mode),
    Resolver,
    Answer(Answer),
}

/// A fault and the words that a log line about the fault has.
#[derive(Clone, Copy, Debug)]
struct Fault {
    name: &'static str,
    kind: Kind,
    /// One of these words names the cause; empty if nothing is to be told.
    cause: &'static [&'static str],
    /// The status over HTTP and over gRPC; empty without one.
    status: [&'static str; 2],
    protocols: &'static [Protocol],
}

const BOTH: &[Protocol] = &Protocol::ALL;
pub(crate) const TIMEOUT: &[&str] = &["no answer", "did not answer", "timed out", "timeout"];
const CLOSED: &[&str] = &["closed", "reset", "broken pipe", "eof", "incomplete"];
const SIZE: &[&str] = &["too large", "larger than", "limit", "takes"];

const fn way(name: &'static str, mode: Mode, cause: &'static [&'static str]) -> Fault {
    Fault {
        name,
        kind: Kind::Way(mode),
        cause,
        status: ["", ""],
        protocols: BOTH,
    }
}

const fn answer(
    name: &'static str,
    answer: Answer,
    cause: &'static [&'static str],
    status: [&'static str; 2],
) -> Fault {
    Fault {
        name,
        kind: Kind::Answer(answer),
        cause,
        status,
        protocols: BOTH,
    }
}

const fn limit(
    name: &'static str,
    wording: Wording,
    status: [&'static str; 2],
    protocols: &'static [Protocol],
) -> Fault {
    let limit = Answer::Limit {
        most: LIMIT,
        wording,
    };
    Fault {
        name,
        kind: Kind::Answer(limit),
        cause: SIZE,
        status,
        protocols,
    }
}

const FAULTS: [Fault; 17] = [
    way("refuse", Mode::Refuse, &["refused"]),
    way("hang", Mode::Hang, TIMEOUT),
    way("cut", Mode::Cut(600), CLOSED),
    way("delay", Mode::Delay(Duration::from_millis(60)), &[]),
    way("trickle", Mode::Trickle(1500), TIMEOUT),
    way("reset", Mode::Reset, CLOSED),
    way("late", Mode::Late(Duration::from_millis(700)), TIMEOUT),
    Fault {
        name: "resolver",
        kind: Kind::Resolver,
        cause: &["dns", "resolv", "look-up", "lookup", "look up"],
        status: ["", ""],
        protocols: BOTH,
    },
    limit("limit", Wording::GrpcGo, ["413", "ResourceExhausted"], BOTH),
    limit(
        "limit-core",
        Wording::GrpcCore,
        ["", "ResourceExhausted"],
        &[Protocol::Grpc],
    ),
    limit(
        "limit-tonic",
        Wording::Tonic,
        ["", "OutOfRange"],
        &[Protocol::Grpc],
    ),
    answer(
        "throttle",
        Answer::Throttle(1),
        &["slow down"],
        ["429", "ResourceExhausted"],
    ),
    answer(
        "unavailable",
        Answer::Unavailable,
        &["draining"],
        ["503", "Unavailable"],
    ),
    answer(
        "unknown",
        Answer::Unknown,
        &["not found", "unknown service"],
        ["404", "Unimplemented"],
    ),
    answer("partial", Answer::Partial, &["too old"], ["", ""]),
    answer(
        "redirect",
        Answer::Redirect,
        &["redirect", "307"],
        ["307", "307"],
    ),
    answer("garbage", Answer::Garbage, &[], ["", ""]),
];

/// The delivery that meets the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    Flush,
    Interval,
    Shutdown,
}

impl Occasion {
    /// The slowest first.
    const ALL: [Self; 3] = [Self::Interval, Self::Flush, Self::Shutdown];

    fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Interval => "interval",
            Self::Shutdown => "shutdown",
        }
    }
}

/// All cases of the matrix, slow ones first.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for occasion in Occasion::ALL {
        for fault in FAULTS {
            for protocol in fault.protocols.iter().copied() {
                for temporality in Temporality::ALL {
                    let name = format!(
                        "{}/{}/{}/{}",
                        fault.name,
                        protocol.name(),
                        temporality.name(),
                        occasion.name()
                    );
                    let course = Course {
                        fault,
                        protocol,
                        temporality,
                        occasion,
                    };
                    cases.push(Case::new(name, move |findings| course.run(findings)));
                }
            }
        }
    }
    cases
}

/// The course of one case.
struct Course {
    fault: Fault,
    protocol: Protocol,
    temporality: Temporality,
    occasion: Occasion,
}

const SOON: Duration = Duration::from_secs(5);

impl Course {
    fn run(&self, findings: &mut Findings) {
        let mut setup = Setup::new(self.protocol, self.temporality);
        setup.named = matches!(self.fault.kind, Kind::Resolver);
        if self.occasion == Occasion::Interval {
            setup.interval = 200;
        }
        let mut bench = Bench::start(&setup);
        bench.record(1);
        self.deliver(&mut bench);
        findings.expect_none("before", bench.differences());
        self.inflict(&bench);
        let told = match self.occasion {
            Occasion::Shutdown => self.end_within(&mut bench, findings),
            Occasion::Flush | Occasion::Interval => self.outlive(&mut bench, findings),
        };
        bench.expect_windows(findings);
        self.expect_words(&bench, &told, findings);
        self.expect_manners(&bench, findings);
    }

    /// Waits until all is delivered, without a fault.
    fn deliver(&self, bench: &mut Bench) {
        if self.occasion == Occasion::Interval {
            bench.wait(SOON);
            return;
        }
        for _ in 0..4 {
            bench.application.tell("flush 2000");
            if bench.wait(Duration::from_millis(100)) {
                return;
            }
        }
    }

    fn inflict(&self, bench: &Bench) {
        match self.fault.kind {
            Kind::Way(mode) => bench.proxy.set(mode),
            Kind::Resolver => {
                bench.resolve(false);
                // Closes the connections, so that the name is looked up again.
                bench.proxy.set(Mode::Pass);
            }
            Kind::Answer(answer) => bench.receiver.set(answer),
        }
    }

    fn heal(&self, bench: &Bench) {
        match self.fault.kind {
            Kind::Way(_) => bench.proxy.set(Mode::Pass),
            Kind::Resolver => bench.resolve(true),
            // A limit does not heal.
            Kind::Answer(Answer::Limit { .. }) => {}
            Kind::Answer(_) => bench.receiver.set(Answer::Take),
        }
    }

    /// Records through a fault that ends; returns the texts about it.
    fn outlive(&self, bench: &mut Bench, findings: &mut Findings) -> String {
        let mut told = String::new();
        for number in [2, 3, 1] {
            bench.record(number);
            if self.occasion == Occasion::Flush {
                told.push_str(&bench.application.tell("flush 1200").to_string());
            } else {
                thread::sleep(Duration::from_millis(1000));
            }
        }
        bench.expect_scrapes(findings, 2);
        self.heal(bench);
        bench.record(1);
        self.deliver(bench);
        bench.record(1);
        bench.expect_end(findings);
        findings.expect_none("ledger", bench.differences());
        told
    }

    /// Ends the application during the fault; returns the texts about the fault.
    fn end_within(&self, bench: &mut Bench, findings: &mut Findings) -> String {
        let before = bench.expected();
        bench.record(2);
        bench.expect_scrapes(findings, 1);
        let (took, answer) = bench.expect_end(findings);
        let passes = matches!(
            self.fault.kind,
            Kind::Way(Mode::Delay(_))
                | Kind::Answer(Answer::Limit { .. } | Answer::Partial | Answer::Garbage)
        );
        let account = bench.account();
        let differences = ledger::differences(&bench.expected(), &account.totals);
        let delivered = differences.is_none();
        if passes {
            findings.expect_none("ledger", differences);
        } else {
            // All or what was acknowledged before; both are exact.
            let kept = ledger::differences(&before, &account.totals);
            findings.expect_none("ledger", kept.filter(|_| !delivered));
        }
        if matches!(self.fault.kind, Kind::Way(Mode::Refuse)) {
            let at_once = took < Duration::from_millis(250);
            findings.expect("at-once", at_once, format!("ended after {took:?}"));
        }
        if !passes {
            let log = bench.application.log();
            let wrong = log.lines().find(|line| line.contains("the next push"));
            findings.expect_none("truth", wrong.map(str::to_owned));
            // The count of what is lost.
            let text = format!("{} {answer}", log.lines().last().unwrap_or_default());
            let counts = text
                .split(|c: char| !c.is_alphanumeric())
                .collect::<Vec<_>>();
            let counted = counts.windows(3).any(|words| {
                let number = words
                    .first()
                    .is_some_and(|word| word.parse::<u64>().is_ok());
                let nouns = ["point", "series", "measurement"];
                number
                    && words
                        .iter()
                        .any(|word| nouns.iter().any(|noun| word.starts_with(noun)))
            });
            findings.expect(
                "undelivered",
                counted,
                format!("the last words are {text:?}"),
            );
        }
        answer.to_string()
    }

    fn expect_words(&self, bench: &Bench, told: &str, findings: &mut Findings) {
        let log = bench.application.log();
        let all = format!("{log}\n{told}");
        if self.fault.cause.is_empty() {
            return;
        }
        findings.expect(
            "host",
            log.contains(&bench.host),
            format!("no {} in {all}", bench.host),
        );
        let cause = self.fault.cause;
        findings.expect(
            "cause",
            names(&all, cause),
            format!("none of {cause:?} in {all}"),
        );
        let status = self.fault.status[usize::from(self.protocol == Protocol::Grpc)];
        if !status.is_empty() {
            findings.expect(
                "status",
                names(&all, &[status]),
                format!("no {status} in {all}"),
            );
        }
        if matches!(self.fault.kind, Kind::Answer(Answer::Limit { .. })) {
            let wrong = log.lines().find(|line| line.contains("nothing is lost"));
            findings.expect_none("truth", wrong.map(str::to_owned));
        }
        let lines = log.lines().count();
        findings.expect("quiet", lines <= 6, format!("{lines} lines: {log}"));
    }

    /// Expects what OTLP says of repetitions.
    fn expect_manners(&self, bench: &Bench, findings: &mut Findings) {
        match self.fault.kind {
            Kind::Answer(Answer::Partial | Answer::Garbage) => {
                let surplus = bench.account().surplus(&bench.expected());
                findings.expect("once", surplus == 0.0, format!("{surplus} too much"));
            }
            Kind::Answer(Answer::Throttle(seconds)) if self.occasion == Occasion::Interval => {
                let wait = Duration::from_secs(seconds).mul_f64(0.9);
                let arrivals = bench.receiver.arrivals();
                let early = arrivals.windows(2).find_map(|pair| {
                    let [one, next] = pair else { return None };
                    let after = next.at - one.at;
                    (!one.taken && after < wait).then(|| format!("came back after {after:?}"))
                });
                findings.expect_none("waits", early);
            }
            _ => {}
        }
    }
}
