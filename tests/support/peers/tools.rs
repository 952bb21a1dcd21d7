//! Looks for the programs that build the peers.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::{Error, Result};

/// A program that must be installed.
pub(crate) struct Tool {
    name: &'static str,
    remedy: &'static str,
}

pub(crate) const GO: Tool = Tool {
    name: "go",
    remedy: "install Go 1.26 or newer (https://go.dev/dl)",
};
pub(crate) const PYTHON: Tool = Tool {
    name: "python3",
    remedy: "install Python 3.10 or newer with its venv module (Debian: python3-venv)",
};

impl Tool {
    /// Finds the program on the search path of this process.
    pub(crate) fn find(&self, peer: &str) -> Result<PathBuf> {
        self.find_in(peer, &env::var_os("PATH").unwrap_or_default())
    }

    fn find_in(&self, peer: &str, search_path: &OsStr) -> Result<PathBuf> {
        env::split_paths(search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| {
                folder
                    .join(self.name)
                    .with_extension(env::consts::EXE_EXTENSION)
            })
            .find(|program| program.is_file())
            .ok_or_else(|| Error::ToolMissing {
                peer: peer.to_owned(),
                tool: self.name.to_owned(),
                remedy: self.remedy.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_go_says_what_needs_it_and_what_to_install() {
        let error = GO
            .find_in("Jaeger", OsStr::new(""))
            .expect_err("nothing is found on an empty search path");
        assert_eq!(
            error.to_string(),
            "Jaeger needs `go`, which is not on the search path (PATH): install Go 1.26 or newer (https://go.dev/dl)"
        );
    }

    #[test]
    fn missing_python_names_the_venv_module() {
        let empty = tempfile::tempdir().expect("a temporary folder");
        let error = PYTHON
            .find_in("the parser", empty.path().as_os_str())
            .expect_err("the folder is empty");
        assert!(
            error.to_string().contains("`python3`") && error.to_string().contains("python3-venv"),
            "{error}"
        );
    }
}
