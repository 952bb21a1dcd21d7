//! One file of a spill, with its lock.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use queue_file::{Error, QueueFile};
use runar_otel_core::caught;

use super::directory;

/// A queue of entries in a file that no other process has.
#[derive(Debug)]
pub(super) struct SpillFile {
    queue: QueueFile,
    path: PathBuf,
    /// Held for as long as the file is in use.
    _lock: File,
}

impl SpillFile {
    /// Opens the file, or makes it. `None` if another process has the file. A file that cannot be read is set aside.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let Some(lock) = directory::lock(path)? else {
            return Ok(None);
        };
        let queue = open(path)?;
        Ok(Some(Self {
            queue,
            path: path.to_owned(),
            _lock: lock,
        }))
    }

    pub(super) fn len(&self) -> usize {
        self.queue.size()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.queue.used_bytes()
    }

    /// Adds entries: all of them or none.
    pub(super) fn add(&mut self, entries: &[Vec<u8>]) -> io::Result<()> {
        self.queue.add_n(entries).map_err(into_io)
    }

    /// Returns the oldest entry. An entry that is damaged is left out, and a file that cannot be read is set aside.
    pub(super) fn first(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.queue.peek() {
                Ok(first) => return Ok(first),
                Err(Error::Io { source }) if !is_damage(&source) => return Err(source),
                Err(error) => {
                    tracing::warn!(
                        target: "runar_otel",
                        "a request in {} is damaged and left out: {error}",
                        self.path.display()
                    );
                    self.remove()?;
                }
            }
        }
    }

    /// Removes the oldest entry.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        if self.len() <= 1 {
            // The library shortens an emptied file and leaves its old length in the header: the file could not be
            // opened again.
            fs::remove_file(&self.path)?;
            self.queue = open(&self.path)?;
            return Ok(());
        }
        match self.queue.remove() {
            Ok(()) => Ok(()),
            Err(Error::Io { source }) if !is_damage(&source) => Err(source),
            Err(error) => {
                set_aside(&self.path, &error.to_string())?;
                self.queue = open(&self.path)?;
                Ok(())
            }
        }
    }

    /// Deletes the file, which has to be empty. The file of its lock stays.
    pub(super) fn delete(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn open(path: &Path) -> io::Result<QueueFile> {
    // The library makes this file first, and gives it its name when it is complete.
    let beginning = path.with_extension(".tmp");
    if !path.exists() {
        directory::private().truncate(true).open(&beginning)?;
        directory::make_private(&beginning)?;
    }
    let opened = match caught(|| QueueFile::open(path)) {
        Some(Ok(queue)) => Ok(queue),
        Some(Err(Error::Io { source })) if !is_damage(&source) => return Err(source),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("its reader panicked".to_owned()),
    };
    let queue = match opened {
        Ok(queue) => queue,
        Err(reason) => {
            set_aside(path, &reason)?;
            directory::private().truncate(true).open(&beginning)?;
            QueueFile::open(path).map_err(into_io)?
        }
    };
    directory::make_private(path)?;
    // What was delivered is overwritten with zeros, as is the default: without that, version 2.0.0 of the library writes
    // to a wrong place when it enlarges a file whose entries wrap around.
    Ok(queue)
}

/// Renames a file that cannot be read, in place of an earlier one.
fn set_aside(path: &Path, reason: &str) -> io::Result<()> {
    let aside = path.with_extension("otlp-queue.damaged");
    fs::rename(path, &aside)?;
    tracing::warn!(
        target: "runar_otel",
        "the spill {} cannot be read and is set aside as {}: {reason}",
        path.display(),
        aside.display()
    );
    Ok(())
}

/// True if the file is shorter than its own words say.
fn is_damage(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

fn into_io(error: Error) -> io::Error {
    match error {
        Error::Io { source } => source,
        error => io::Error::other(error),
    }
}
