//! Options of a spill.

use std::{path::PathBuf, time::Duration};

/// Directory and bounds of a spill.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpillOptions {
    /// The directory, which is made if it does not exist.
    pub directory: PathBuf,
    /// The most bytes of a signal's file, 64 MiB by default; beyond them the oldest requests are dropped.
    pub max_bytes: u64,
    /// The age at which requests are dropped, 24 hours by default.
    pub max_age: Duration,
}

impl SpillOptions {
    /// Returns options for a directory, with the default bounds.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            max_bytes: 64 * 1024 * 1024,
            max_age: Duration::from_secs(24 * 3600),
        }
    }
}
