//! The peers' own judgement of files and pages, without starting them.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::command::run;
use crate::{Result, peers};

/// `otelcol validate` of configurations, merged in this order: files, or `yaml:key::key: value` as on its command line.
///
/// # Errors
/// [`crate::Error::Command`] with the Collector's objections.
pub fn collector_configuration(parts: &[impl AsRef<OsStr>]) -> Result<()> {
    let mut otelcol = Command::new(peers::collector()?);
    otelcol.env_clear().arg("validate");
    for part in parts {
        otelcol.arg("--config").arg(part);
    }
    run("validate the Collector's configuration", &mut otelcol, "").map(drop)
}

/// `promtool check config` of a `prometheus.yml`; promtool's remarks.
///
/// # Errors
/// [`crate::Error::Command`] with its objections.
pub fn prometheus_file(file: &Path) -> Result<String> {
    let mut promtool = Command::new(peers::promtool()?);
    run(
        "check the configuration of Prometheus",
        promtool.args(["check", "config"]).arg(file),
        "",
    )
}

/// `promtool check metrics` of a page in the text format 0.0.4 (it knows neither OpenMetrics nor exemplars).
///
/// # Errors
/// [`crate::Error::Command`] with its objections, lint included.
pub fn text_page(page: &str) -> Result<()> {
    let mut promtool = Command::new(peers::promtool()?);
    run(
        "check a page with promtool",
        promtool.args(["check", "metrics"]),
        page,
    )
    .map(drop)
}
