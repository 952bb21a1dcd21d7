//! Where and with what was measured.

use std::{fs, process::Command};

/// Date, processor and versions, for the head of a table.
pub(crate) fn line() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "Measured on {} on {cores} cores ({}), {}, with {}.",
        said("date", &["-u", "+%F"]),
        processor().unwrap_or_else(|| "an unknown processor".to_owned()),
        said("rustc", &["--version"]),
        versions().join(", ")
    )
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| format!("{program} unknown"))
}

fn processor() -> Option<String> {
    let known = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = known.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The versions of the peers, as they are locked.
fn versions() -> Vec<String> {
    let lock = include_str!("../../Cargo.lock");
    let wanted = [
        "opentelemetry_sdk",
        "metrics",
        "metrics-exporter-prometheus",
        "prometheus",
        "prometheus-client",
        "measured",
        "metered",
        "autometrics",
        "tracing-opentelemetry",
    ];
    let found = |name: &&str| {
        let entry = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("`{name}` {}", entry.1.split('"').next()?))
    };
    wanted.iter().filter_map(found).collect()
}
