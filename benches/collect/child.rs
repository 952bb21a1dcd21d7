//! Cases in processes of their own, so that none finds what another one left: memory, a global recorder, a warm cache.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::Result;

/// The first argument of a child.
pub(crate) const CHILD: &str = "child-of-collect";

/// Runs a case in a child; what it answered.
pub(crate) fn ask(case: &[&str]) -> Result<String> {
    let output = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .args(case)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{case:?} failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Answers, in a child.
pub(crate) fn answer(text: &str) -> Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
