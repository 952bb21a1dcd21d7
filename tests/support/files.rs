//! Where the project's own configuration files are.

use std::path::{Path, PathBuf};

/// A file of `otel-collector/`, for instance `collector.yaml`.
#[must_use]
pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../otel-collector")
        .join(name)
}
