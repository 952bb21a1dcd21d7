//! A peer's process: its log is kept, and it never outlives the test.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::command::tail;
use crate::poll::{self, Look};
use crate::{Error, Result, http};

/// How long a peer may take to start or to end; they take well under a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a process shows that it is ready.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Sign {
    /// This URL answers with status 200.
    Http(String),
    /// This port of 127.0.0.1 accepts connections.
    Port(u16),
}

/// A running program that is killed when this value is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `directory`, under `<name>.log`.
    ///
    /// # Errors
    /// [`Error::Io`] when the log cannot be written or the program cannot be started.
    pub fn start(name: &str, command: &mut Command, directory: &Path) -> Result<Self> {
        let log = directory.join(format!("{name}.log"));
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(Error::io(format!("open the log of {name}")))?;
        let errors = output
            .try_clone()
            .map_err(Error::io("duplicate a log handle"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(Error::io(format!("start {name}")))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// Waits until all signs are there.
    ///
    /// # Errors
    /// [`Error::Ended`] with the end of the log as soon as the process has ended, [`Error::Deadline`] after a minute.
    pub fn wait_until_ready(&mut self, signs: &[Sign]) -> Result<()> {
        let what = format!("{} to be ready", self.name);
        poll::until(&what, PATIENCE, || match self.child.try_wait() {
            Ok(None) => missing(signs).map_or(Look::Found(()), Look::NotYet),
            Ok(Some(status)) => Look::Hopeless(self.ended(&status.to_string())),
            Err(error) => Look::Hopeless(self.ended(&error.to_string())),
        })
    }

    /// Everything the process has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Asks the process to end, as an operator would (SIGTERM), and waits until it has.
    ///
    /// # Errors
    /// [`Error::Command`] without a `kill` program, [`Error::Deadline`] when it does not end.
    pub fn stop(mut self) -> Result<()> {
        self.signal("TERM")?;
        poll::until(&format!("{} to end", self.name), PATIENCE, || {
            match self.child.try_wait() {
                Ok(Some(_)) => Look::Found(()),
                Ok(None) => Look::NotYet("still running".to_owned()),
                Err(error) => Look::Hopeless(self.ended(&error.to_string())),
            }
        })
    }

    /// Sends a signal, for instance `STOP` or `CONT`.
    ///
    /// # Errors
    /// [`Error::Command`] without a `kill` program.
    pub fn signal(&self, name: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        crate::command::run(
            &format!("send {name} to {}", self.name),
            Command::new("kill").args([&format!("-{name}"), &pid]),
            "",
        )?;
        Ok(())
    }

    /// Kills the process (SIGKILL): what it has not passed on is lost.
    pub fn kill(self) {
        drop(self);
    }

    fn ended(&self, status: &str) -> Error {
        Error::Ended {
            name: self.name.clone(),
            status: status.to_owned(),
            log: tail(&self.log(), 40),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn missing(signs: &[Sign]) -> Option<String> {
    signs.iter().find_map(|sign| match sign {
        Sign::Http(url) => match http::get(url, "*/*") {
            Ok(answer) if answer.status == 200 => None,
            Ok(answer) => Some(format!("{url} answers {}", answer.status)),
            Err(error) => Some(error.to_string()),
        },
        Sign::Port(port) => TcpStream::connect(("127.0.0.1", *port))
            .err()
            .map(|error| format!("port {port}: {error}")),
    })
}
