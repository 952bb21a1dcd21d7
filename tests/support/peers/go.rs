//! The Go command, shielded from settings of the machine that would change what it builds.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::GO;
use crate::Result;
use crate::command::{run, say};

/// No cloud service discovery in the Prometheus packages: half the size; static and file targets remain.
pub(crate) const TAGS: &str = "netgo,remove_all_sd";
/// No symbol tables.
pub(crate) const LINKER_FLAGS: &str = "-s -w";

/// Settings that a user may have for other work. Proxy and checksum settings are kept, they belong to the machine.
const FOREIGN: [&str; 5] = ["GOOS", "GOARCH", "GOBIN", "GO111MODULE", "GOEXPERIMENT"];

/// Go, at work for one peer.
pub(crate) struct Go {
    program: PathBuf,
    peer: &'static str,
}

impl Go {
    /// Finds Go for the sake of `peer`.
    pub(crate) fn find(peer: &'static str) -> Result<Self> {
        Ok(Self {
            program: GO.find(peer)?,
            peer,
        })
    }

    /// Runs `go <arguments>` in `directory`.
    pub(crate) fn run(&self, directory: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = self.shielded(Command::new(&self.program));
        self.attempt(command.current_dir(directory).args(arguments))
    }

    /// Installs `packages` (`path@version`) into `directory`.
    pub(crate) fn install(&self, directory: &Path, packages: &[&str]) -> Result<()> {
        let mut command = self.shielded(Command::new(&self.program));
        command.env("GOBIN", directory).current_dir(directory);
        command.args(["install", "-trimpath", "-tags", TAGS]);
        command.args(["-ldflags", LINKER_FLAGS]).args(packages);
        self.attempt(&mut command).map(drop)
    }

    /// Runs a command, and once more if it fails, since downloads do.
    fn attempt(&self, command: &mut Command) -> Result<String> {
        let step = format!("build {} with Go", self.peer);
        run(&step, command, "").or_else(|error| {
            say(&format!("{error}\nonce more, in case a download failed"));
            run(&step, command, "")
        })
    }

    /// Sets the environment of a program that calls Go.
    pub(crate) fn shielded(&self, mut command: Command) -> Command {
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off")
            .env("GOFLAGS", "-buildvcs=false -mod=mod");
        command
    }
}
