//! The OpenTelemetry Collector, made of the components in the project's own `builder.yaml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::{self, Recipe, fingerprint};
use super::go::{Go, LINKER_FLAGS, TAGS};
use crate::command::run;
use crate::files::shipped;
use crate::{Error, Result};

const WHAT: &str = "the OpenTelemetry Collector";

/// The Collector's program.
///
/// # Errors
/// [`Error::ToolMissing`] without Go, [`Error::Command`] when it does not build.
pub fn collector() -> Result<PathBuf> {
    let path = shipped("builder.yaml");
    let manifest =
        fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))?;
    let version = version(&manifest)?;
    let recipe = Recipe {
        key: format!("collector-{version}-{}", fingerprint(&manifest)),
        what: WHAT,
        usually: "4 minutes",
    };
    let built = cache::built(&recipe, |directory| build(directory, &manifest, version))?;
    Ok(built.join("otelcol"))
}

/// Plain `builder --config` resolves the test dependencies of every component as well, which a proxy of Go modules
/// need not have; so the builder only writes the sources, and the module file is made of the manifest's own lines.
fn build(directory: &Path, manifest: &str, version: &str) -> Result<()> {
    let go = Go::find(WHAT)?;
    let work = directory.join("work");
    fs::create_dir(&work).map_err(Error::io("create a work folder"))?;
    fs::write(work.join("builder.yaml"), manifest).map_err(Error::io("copy builder.yaml"))?;
    go.install(
        &work,
        &[&format!(
            "go.opentelemetry.io/collector/cmd/builder@v{version}"
        )],
    )?;
    let mut builder = go.shielded(Command::new(work.join("builder")));
    builder.current_dir(&work).args([
        "--config",
        "builder.yaml",
        "--skip-get-modules",
        "--skip-compilation",
    ]);
    run("write the Collector's sources", &mut builder, "")?;

    let sources = work.join("otelcol");
    go.run(&sources, &["mod", "init", "otelcol"])?;
    let required: Vec<String> = modules(manifest)
        .map(|module| format!("-require={module}"))
        .collect();
    let edit: Vec<&str> = ["mod", "edit"]
        .into_iter()
        .chain(required.iter().map(String::as_str))
        .collect();
    go.run(&sources, &edit)?;
    let output = directory.join("otelcol").display().to_string();
    go.run(
        &sources,
        &[
            "build",
            "-trimpath",
            "-tags",
            TAGS,
            "-ldflags",
            LINKER_FLAGS,
            "-o",
            &output,
            ".",
        ],
    )?;
    fs::remove_dir_all(&work).map_err(Error::io("remove the work folder"))
}

/// The version of the distribution, which is that of its builder.
fn version(manifest: &str) -> Result<&str> {
    manifest
        .lines()
        .find_map(|line| line.trim().strip_prefix("version: "))
        .ok_or_else(|| Error::answer("builder.yaml", "no `version:` in `dist`"))
}

/// The components as `module@version`.
fn modules(manifest: &str) -> impl Iterator<Item = String> + '_ {
    manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- gomod: "))
        .map(|module| module.trim().replace(' ', "@"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str =
        "dist:\n  version: 1.2.3\nreceivers:\n  - gomod: example.org/receiver v1.2.3\n";

    #[test]
    fn manifest_gives_version_and_modules() {
        assert_eq!(version(MANIFEST).expect("a version"), "1.2.3");
        assert_eq!(
            modules(MANIFEST).collect::<Vec<_>>(),
            ["example.org/receiver@v1.2.3"]
        );
    }
}
