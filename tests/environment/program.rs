//! A program with telemetry, run in a process of its own: this test binary again.

use std::{env, process::Command};

use runar_otel::Counter;

/// The end of a program: its success, and the text on its two outputs.
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) printed: String,
    pub(crate) said: String,
}

/// Runs a program with no other variables of telemetry than these.
pub(crate) fn run(program: &str, variables: &[(&str, &str)]) -> Ended {
    run_with(program, |command| {
        command.envs(variables.iter().copied());
    })
}

/// Runs a program that is prepared by the caller.
pub(crate) fn run_with(program: &str, prepare: impl FnOnce(&mut Command)) -> Ended {
    let mut command = command(program);
    prepare(&mut command);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended {
        success: output.status.success(),
        printed: text(&output.stdout),
        said: text(&output.stderr),
    }
}

/// Prepares a program.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .env_clear()
        .args(["--ignored", "--exact", "--nocapture"])
        .arg(format!("program::{program}"));
    command
}

/// Records a measurement and a span, and ends.
#[test]
#[ignore = "a program of other tests"]
fn records() {
    let telemetry = runar_otel::builder()
        .shutdown_timeout(std::time::Duration::from_secs(2))
        .init()
        .unwrap();
    tracing::info_span!("work").in_scope(|| {
        Counter::new("work_total", "Work").register().increment();
    });
    let _ = telemetry.shutdown();
}
