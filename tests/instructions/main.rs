//! What one record costs in instructions, counted by callgrind, is pinned: a regression fails, whatever the machine does
//! beside it.
//!
//! The program `instructions` of the benches makes N and then 2 N records; the difference is what N records cost without
//! the start and the end of a process.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

/// The compiler that the pins are for; another one may need others.
const RUSTC: &str = "rustc 1.95.0";

/// How far from its pin a record may be, in percent.
const SLACK: f64 = 5.0;

/// How far it may be in any case: the same code, built in two folders, differed by two of a dozen instructions.
const FEW: f64 = 2.5;

/// What is recorded where, how often, and the instructions of one record.
#[rustfmt::skip]
const PINS: [Pin; 17] = [
    pin("counter", 50_000, 82.0),
    pin("counter labels", 20_000, 601.0),
    pin("gauge", 50_000, 54.0),
    pin("histogram", 50_000, 169.0),
    pin("histogram labels", 20_000, 436.0),
    pin("counter, unsampled span", 50_000, 82.0),
    pin("counter, sampled span", 10_000, 385.0),
    pin("histogram, sampled span", 10_000, 514.0),
    pin("dropped counter", 50_000, 23.0),
    pin("counter", 50_000, 16.0).disabled(),
    pin("async call", 10_000, 1074.0),
    pin("async call labels", 10_000, 1611.0),
    pin("dropped async call", 10_000, 478.0),
    pin("async call", 10_000, 360.0).disabled(),
    pin("sync call", 10_000, 915.0),
    pin("async call with span, sampled span", 4_000, 12880.0),
    pin("async call with span, unsampled span", 4_000, 11635.0),
];

#[derive(Clone, Copy)]
struct Pin {
    kind: &'static str,
    /// N.
    records: u64,
    instructions: f64,
    /// Under `OTEL_SDK_DISABLED`.
    disabled: bool,
}

const fn pin(kind: &'static str, records: u64, instructions: f64) -> Pin {
    Pin {
        kind,
        records,
        instructions,
        disabled: false,
    }
}

impl Pin {
    const fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    fn title(&self) -> String {
        let disabled = if self.disabled { ", disabled" } else { "" };
        format!("{}{disabled}", self.kind)
    }

    /// What one record costs now.
    fn counted(&self, program: &PathBuf) -> f64 {
        let (one, two) = (
            self.run(program, self.records),
            self.run(program, 2 * self.records),
        );
        (two - one) / number(self.records)
    }

    /// The instructions of a process that makes so many records, all of which arrive.
    fn run(&self, program: &PathBuf, records: u64) -> f64 {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args([self.kind, &records.to_string()])
            .env("OTEL_SDK_DISABLED", self.disabled.to_string())
            .stdin(Stdio::null())
            .output()
            .expect("valgrind starts");
        let (said, told) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{}: {told}", self.kind);
        let arrived: f64 = said.trim().parse().unwrap();
        assert!(
            (arrived - self.arriving(records)).abs() < 0.5,
            "{}: of {records} records {arrived} arrived",
            self.kind
        );
        let collected = told
            .lines()
            .find_map(|line| line.split_once("Collected : "));
        let (_, count) = collected.unwrap_or_else(|| panic!("no count in {told}"));
        count.trim().parse().unwrap()
    }

    fn arriving(&self, records: u64) -> f64 {
        if self.disabled || self.kind.starts_with("dropped") {
            0.0
        } else {
            number(records)
        }
    }
}

#[test]
fn a_record_costs_as_many_instructions_as_are_pinned() {
    let valgrind = Command::new("valgrind").arg("--version").output();
    assert!(
        valgrind.is_ok_and(|output| output.status.success()),
        "valgrind is needed to count instructions: apt-get install valgrind"
    );
    let program = build();
    // Two at a time: most machines can.
    let (left, right) = PINS.split_at(PINS.len() / 2);
    let counts = std::thread::scope(|scope| {
        let other = scope.spawn(|| counts(right, &program));
        let mut counts = counts(left, &program);
        counts.extend(other.join().unwrap());
        counts
    });
    let (mut wrong, mut now) = (Vec::new(), Vec::new());
    for (pin, counted) in PINS.iter().zip(counts) {
        now.push(format!("{} {counted:.0}", pin.title()));
        let more = counted - pin.instructions;
        let slack = FEW.max(pin.instructions * SLACK / 100.0);
        let what = if more > slack {
            "too many: find out why"
        } else if more < -slack {
            "fewer than pinned: lower the pin"
        } else {
            continue;
        };
        wrong.push(format!(
            "{}: {counted:.0} instructions, pinned are {:.0}: {what}",
            pin.title(),
            pin.instructions
        ));
    }
    assert!(
        wrong.is_empty(),
        "the pins are for {RUSTC}, this is {}\n{}\nall as they are now: {}",
        compiler().trim(),
        wrong.join("\n"),
        now.join("; ")
    );
}

fn counts(pins: &[Pin], program: &PathBuf) -> Vec<f64> {
    pins.iter().map(|pin| pin.counted(program)).collect()
}

/// Builds the program as it is built for a release.
fn build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "-p", "runar-otel-benches"])
        .args(["--bin", "instructions", "--message-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "the program does not build");
    let messages = String::from_utf8(output.stdout).unwrap();
    let program = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    fs::canonicalize(program.expect("cargo names the program")).unwrap()
}

fn compiler() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("--version").output();
    output.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(of: u64) -> f64 {
    of as f64
}
