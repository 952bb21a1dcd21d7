//! Prometheus and its tool for checking files and pages.

use std::path::PathBuf;

use super::cache::{self, Recipe};
use super::go::Go;
use crate::Result;

/// Module version 0.316.0 is Prometheus 3.16.0.
const VERSION: &str = "0.316.0";
const WHAT: &str = "Prometheus";

/// The server.
///
/// # Errors
/// [`crate::Error::ToolMissing`] without Go, [`crate::Error::Command`] when it does not build.
pub fn prometheus() -> Result<PathBuf> {
    Ok(directory()?.join("prometheus"))
}

/// `promtool`, which checks configurations, rules and exposition pages.
///
/// # Errors
/// The errors of [`prometheus()`], which builds promtool, too.
pub fn promtool() -> Result<PathBuf> {
    Ok(directory()?.join("promtool"))
}

fn directory() -> Result<PathBuf> {
    let recipe = Recipe {
        key: format!("prometheus-{VERSION}"),
        what: WHAT,
        usually: "3 minutes",
    };
    cache::built(&recipe, |directory| {
        let package = |name| format!("github.com/prometheus/prometheus/cmd/{name}@v{VERSION}");
        Go::find(WHAT)?.install(directory, &[&package("prometheus"), &package("promtool")])
    })
}
