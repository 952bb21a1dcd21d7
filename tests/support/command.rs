//! Runs a program to its end, keeps what it printed and stays audible while it takes long.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

const POLL: Duration = Duration::from_millis(10);
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Runs `command` with `input` on its standard input; its standard output, or an error with the end of all output.
///
/// Files instead of pipes: nothing can block on a full pipe.
pub(crate) fn run(step: &str, command: &mut Command, input: &str) -> Result<String> {
    let mut stdin = scratch()?;
    stdin
        .write_all(input.as_bytes())
        .map_err(Error::io("write a program's input"))?;
    stdin
        .rewind()
        .map_err(Error::io("rewind a program's input"))?;
    let (stdout, stderr) = (scratch()?, scratch()?);
    let mut child = command
        .stdin(Stdio::from(stdin))
        .stdout(copy(&stdout)?)
        .stderr(copy(&stderr)?)
        .spawn()
        .map_err(Error::io(format!(
            "start {} to {step}",
            command.get_program().display()
        )))?;
    let started = Instant::now();
    let mut next = HEARTBEAT;
    let status = loop {
        if let Some(status) = child
            .try_wait()
            .map_err(Error::io(format!("wait for {step}")))?
        {
            break status;
        }
        if started.elapsed() >= next {
            say(&format!("still at it after {} s: {step}", next.as_secs()));
            next += HEARTBEAT;
        }
        thread::sleep(POLL);
    };
    let printed = content(stdout)?;
    if status.success() {
        return Ok(printed);
    }
    let output = tail(&format!("{printed}{}", content(stderr)?), 40);
    Err(Error::Command {
        step: step.to_owned(),
        status: status.to_string(),
        output,
    })
}

/// Speaks to the person in front of the test run; `eprintln!` would be swallowed by the test harness.
pub(crate) fn say(text: &str) {
    // Nobody listening is no reason to fail.
    let _ = writeln!(std::io::stderr(), "[peers] {text}");
}

/// The last `lines` lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.into_iter().skip(from).collect::<Vec<_>>().join("\n")
}

fn scratch() -> Result<File> {
    tempfile::tempfile().map_err(Error::io("create a temporary file"))
}

fn copy(file: &File) -> Result<Stdio> {
    file.try_clone()
        .map(Stdio::from)
        .map_err(Error::io("duplicate a file handle"))
}

fn content(mut file: File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()
        .map_err(Error::io("rewind a program's output"))?;
    file.read_to_end(&mut bytes)
        .map_err(Error::io("read a program's output"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
