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
    ask_with(case, &[])
}

/// The same with variables of the environment.
pub(crate) fn ask_with(case: &[&str], variables: &[(&str, &str)]) -> Result<String> {
    let output = command(case)?
        .envs(variables.iter().copied())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{case:?} failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Tells whether a child survives a case.
pub(crate) fn survives(case: &[&str]) -> Result<bool> {
    let output = command(case)?.stderr(Stdio::null()).output()?;
    Ok(output.status.success())
}

fn command(case: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CHILD).args(case);
    Ok(command)
}

/// Answers, in a child.
pub(crate) fn answer(text: &str) -> Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
