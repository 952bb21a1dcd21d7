//! The directory of a spill: files for their owner only, and a lock for each process.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// The most processes that share a directory; each further one has no spill.
pub(super) const MOST: usize = 16;

/// Makes the directory unless it exists, and a file in it.
///
/// # Errors
/// When the directory cannot be made, or is not writable.
pub fn check_directory(directory: &Path) -> io::Result<()> {
    make(directory)?;
    let probe = directory.join(format!("probe-{}", std::process::id()));
    private().truncate(true).open(&probe)?;
    fs::remove_file(&probe)
}

/// Makes the directory, for its owner only. An existing one stays as it is.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Returns options that make a file for its owner only.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes from others what they may do with a file that is not of our making.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Returns the name of the file of the process with this number, from 1: `metrics.otlp-queue`, `metrics-2.otlp-queue`.
pub(super) fn numbered(directory: &Path, signal: &str, number: usize) -> PathBuf {
    directory.join(match number {
        1 => format!("{signal}.otlp-queue"),
        _ => format!("{signal}-{number}.otlp-queue"),
    })
}

/// Locks a file until the lock is dropped; `None` if another process has the lock. The system frees the lock of a
/// process that was killed.
///
/// The file of the lock stays: a process that removed the file could take the lock from under another one.
pub(super) fn lock(queue: &Path) -> io::Result<Option<File>> {
    let mut path = queue.as_os_str().to_owned();
    path.push(".lock");
    let file = private().truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}
