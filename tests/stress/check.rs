//! Runs the program for a while, as it is built and with `panic = "abort"`. An hour by hand:
//! `cargo run --release -p runar-otel-stress -- 3600`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How long the program runs, in seconds; `STRESS_SECONDS` says otherwise.
const SECONDS: &str = "10";

/// Runs it with a standard error that nobody reads: with our layer, or with a span processor of its own.
fn survives(program: &Path, layer: &str) {
    let seconds = env::var("STRESS_SECONDS").unwrap_or_else(|_| SECONDS.to_owned());
    let mut child = Command::new(program)
        .args([&seconds, layer])
        .env_remove("OTEL_SDK_DISABLED")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {told}", output.status);
}

#[test]
fn nothing_is_lost_wherever_it_is_recorded() {
    survives(Path::new(env!("CARGO_BIN_EXE_stress")), "ours");
}

#[test]
fn nothing_is_lost_in_span_processors() {
    survives(Path::new(env!("CARGO_BIN_EXE_stress")), "processor");
}

#[test]
fn nothing_is_lost_where_a_panic_aborts() {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--profile", "aborting", "-p", "runar-otel-stress"])
        .args([
            "--bin",
            "stress",
            "--message-format=json-render-diagnostics",
        ])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success());
    let told = String::from_utf8(built.stdout).unwrap();
    let program = told.lines().rev().find_map(|line| {
        let after = line.split("\"executable\":\"").nth(1)?;
        Some(PathBuf::from(after.split('"').next()?))
    });
    survives(&program.unwrap(), "ours");
}
