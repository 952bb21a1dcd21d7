//! Python's parsers as judges of what we write.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::command::run;
use crate::{Error, Result, peers};

/// The OpenMetrics 1.0 parser of `prometheus-client`, the strictest one there is.
pub mod openmetrics {
    use super::{Result, Value, script};

    /// Parses a page into a list of families:
    /// `{name, type, unit, help, samples: [{name, labels, value, timestamp, exemplar: {labels, value, timestamp}}]}`.
    ///
    /// Values that JSON does not have are the strings `+Inf`, `-Inf` and `NaN`; what is absent is `null`.
    ///
    /// # Errors
    /// [`crate::Error::Command`] with the parser's words when the page is not valid.
    pub fn parse(page: &str) -> Result<Value> {
        script("exposition.py", &["openmetrics"], page)
    }
}

/// The parser of the Prometheus text format 0.0.4 of `prometheus-client`.
pub mod text {
    use super::{Result, Value, script};

    /// Parses a page into the same families as [`super::openmetrics::parse`].
    ///
    /// # Errors
    /// [`crate::Error::Command`] with the parser's words when the page is not valid.
    pub fn parse(page: &str) -> Result<Value> {
        script("exposition.py", &["text"], page)
    }
}

/// Parses YAML.
///
/// # Errors
/// [`crate::Error::Command`] with the parser's words when it is not valid.
pub fn yaml(content: &str) -> Result<Value> {
    script("yaml_to_json.py", &[], content)
}

/// Runs a script of `tests/support/python` and reads the JSON it prints.
fn script(name: &str, arguments: &[&str], input: &str) -> Result<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("support/python")
        .join(name);
    // UTF-8 whatever the locale is; no bytecode beside the sources.
    let mut python = Command::new(peers::python()?);
    python
        .env("PYTHONUTF8", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(path)
        .args(arguments);
    let printed = run(&format!("read input with {name}"), &mut python, input)?;
    serde_json::from_str(&printed).map_err(|error| Error::answer(name, error))
}
