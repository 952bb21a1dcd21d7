//! Jaeger 2, the trace store.

use std::fs;
use std::path::{Path, PathBuf};

use super::cache::{self, Recipe};
use super::go::{Go, LINKER_FLAGS, TAGS};
use crate::{Error, Result};

/// Module version 1.76.0 is Jaeger 2.13.0.
const VERSION: &str = "1.76.0";
const MODULE: &str = "github.com/jaegertracing/jaeger";
const WHAT: &str = "Jaeger";

/// The all-in-one program; its web interface is a placeholder, its HTTP API is complete.
///
/// # Errors
/// [`Error::ToolMissing`] without Go, [`Error::Command`] when it does not build.
pub fn jaeger() -> Result<PathBuf> {
    let recipe = Recipe {
        key: format!("jaeger-{VERSION}"),
        what: WHAT,
        usually: "4 minutes",
    };
    Ok(cache::built(&recipe, build)?.join("jaeger"))
}

/// `go install` refuses a module with replace directives; as a tool of a module of our own it builds.
fn build(directory: &Path) -> Result<()> {
    let go = Go::find(WHAT)?;
    let work = directory.join("work");
    fs::create_dir(&work).map_err(Error::io("create a work folder"))?;
    let program = format!("{MODULE}/cmd/jaeger");
    let module =
        format!("module peers\n\ngo 1.26\n\nrequire {MODULE} v{VERSION}\n\ntool {program}\n");
    fs::write(work.join("go.mod"), module).map_err(Error::io("write go.mod"))?;
    // Jaeger's own checksums: the public database lacks some of its older dependencies.
    let downloaded = go.run(
        &work,
        &["mod", "download", "-json", &format!("{MODULE}@v{VERSION}")],
    )?;
    let downloaded: serde_json::Value = serde_json::from_str(&downloaded)
        .map_err(|error| Error::answer("go mod download", error))?;
    let sources = downloaded
        .get("Dir")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let checksums =
        fs::read(Path::new(sources).join("go.sum")).map_err(Error::io("read Jaeger's go.sum"))?;
    fs::write(work.join("go.sum"), checksums).map_err(Error::io("write go.sum"))?;
    let output = directory.join("jaeger").display().to_string();
    go.run(
        &work,
        &[
            "build",
            "-trimpath",
            "-tags",
            TAGS,
            "-ldflags",
            LINKER_FLAGS,
            "-o",
            &output,
            &program,
        ],
    )?;
    fs::remove_dir_all(&work).map_err(Error::io("remove the work folder"))
}
