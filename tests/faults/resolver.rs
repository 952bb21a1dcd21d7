//! A resolver that hangs: a shim in front of the C library's `getaddrinfo`, for the process of an application.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Returns the shim, which is built once, into the folder for temporary files of this build.
pub(crate) fn shim() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/resolver.c");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-resolver.so");
    let unfinished = target.with_extension(std::process::id().to_string());
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&unfinished)
        .arg(&source)
        .arg("-ldl")
        .output()
        .expect("a C compiler, `cc`");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cc: {errors}");
    std::fs::rename(&unfinished, &target).expect("a folder for temporary files");
    target
}
