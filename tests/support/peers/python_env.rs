//! A Python environment with the parsers and decoders that others wrote.

use std::path::PathBuf;
use std::process::Command;

use super::cache::{self, Recipe, fingerprint};
use super::tools::PYTHON;
use crate::Result;
use crate::command::run;

const WHAT: &str = "the Python environment";
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// The environment's interpreter, which can import what `tests/support/python/requirements.txt` names.
///
/// # Errors
/// [`crate::Error::ToolMissing`] without Python, [`crate::Error::Command`] without its `venv` module or when a
/// package cannot be installed.
pub fn python() -> Result<PathBuf> {
    let key = format!("python-{}", fingerprint(REQUIREMENTS));
    let recipe = Recipe {
        key,
        what: WHAT,
        usually: "15 seconds",
    };
    let built = cache::built(&recipe, |directory| {
        let python = PYTHON.find(WHAT)?;
        let create = "create a Python environment (it needs the venv module, Debian: python3-venv)";
        run(
            create,
            Command::new(python).args(["-m", "venv"]).arg(directory),
            "",
        )?;
        // As a module of the interpreter: the scripts of an environment do not survive its renaming, this does.
        let mut install = Command::new(directory.join("bin/python"));
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        run(
            "install Python packages",
            install.args(REQUIREMENTS.lines()),
            "",
        )
        .map(drop)
    })?;
    Ok(built.join("bin/python"))
}
