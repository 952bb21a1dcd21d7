//! The entries of one signal on disk, and their bounds.

use std::{io, time::SystemTime};

use super::{
    Request, SpillOptions,
    directory::{MOST, make, numbered},
    entry::Entry,
    file::SpillFile,
};
use crate::settings::Signal;

/// The bytes that the library adds to an entry, at the most.
const FRAME: u64 = 64;

/// The bytes of an empty file, at the most.
const EMPTY: u64 = 8192;

/// The spilled requests of one signal.
#[derive(Debug)]
pub(super) struct Store {
    file: SpillFile,
    options: SpillOptions,
    signal: Signal,
    /// The number of entries that have left the file: the position of its first one.
    removed: u64,
    /// True if a line has told that the spill is full.
    told_full: bool,
}

impl Store {
    /// Opens the file of this process, drops what is too old, and takes over files of processes that have ended.
    pub(super) fn open(options: SpillOptions, signal: Signal) -> io::Result<Self> {
        make(&options.directory)?;
        let mut own = None;
        for number in 1..=MOST {
            let path = numbered(&options.directory, signal.word(), number);
            if let Some(file) = SpillFile::open(&path)? {
                own = Some((file, number));
                break;
            }
        }
        let Some((file, own)) = own else {
            return Err(io::Error::other(format!(
                "{MOST} processes have their spill there already"
            )));
        };
        let mut store = Self {
            file,
            options,
            signal,
            removed: 0,
            told_full: false,
        };
        store.drop_old(SystemTime::now())?;
        for number in (1..=MOST).filter(|number| *number != own) {
            store.adopt(number)?;
        }
        Ok(store)
    }

    pub(super) fn len(&self) -> usize {
        self.file.len()
    }

    /// Adds requests, the oldest first. Drops the oldest of all where there are too many bytes.
    pub(super) fn add(&mut self, requests: Vec<Request>, now: SystemTime) -> io::Result<()> {
        let entries: Vec<Entry> = requests
            .into_iter()
            .map(|request| Entry::new(request, now))
            .collect();
        self.add_entries(&entries)
    }

    /// Returns the oldest request and its position.
    pub(super) fn first(&mut self, now: SystemTime) -> io::Result<Option<(u64, Request)>> {
        self.drop_old(now)?;
        let first = self.peek()?;
        Ok(first.map(|entry| (self.removed, entry.request)))
    }

    /// Removes the request at a position, unless the bounds have removed it before.
    pub(super) fn remove(&mut self, position: u64) -> io::Result<()> {
        if position == self.removed {
            self.remove_first()?;
        }
        Ok(())
    }

    fn add_entries(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut encoded: Vec<Vec<u8>> = entries
            .iter()
            .map(|entry| entry.encode(self.signal))
            .collect();
        let most = self.options.max_bytes;
        let given = encoded.len();
        encoded.retain(|entry| EMPTY + entry.len() as u64 + FRAME <= most);
        let mut dropped = given - encoded.len();
        let size = |entries: &[Vec<u8>]| -> u64 {
            entries.iter().map(|entry| entry.len() as u64 + FRAME).sum()
        };
        while self.file.len() > 0 && self.file.bytes() + size(&encoded) > most {
            self.remove_first()?;
            dropped += 1;
        }
        while !encoded.is_empty() && self.file.bytes() + size(&encoded) > most {
            encoded.remove(0);
            dropped += 1;
        }
        if dropped > 0 && !self.told_full {
            self.told_full = true;
            tracing::warn!(
                target: "runar_otel",
                "the spill of {} in {} is full at {most} bytes: the oldest requests are dropped, {dropped} so far",
                self.signal.word(),
                self.options.directory.display()
            );
        }
        self.file.add(&encoded)
    }

    /// Drops what is older than the bound, and entries of another version.
    fn drop_old(&mut self, now: SystemTime) -> io::Result<()> {
        let (mut requests, mut count) = (0, 0);
        while let Some(entry) = self.peek()? {
            if entry.age(now) <= self.options.max_age {
                break;
            }
            requests += 1;
            count += entry.request.count;
            self.remove_first()?;
        }
        if requests > 0 {
            tracing::warn!(
                target: "runar_otel",
                "{count} {} in {} are dropped: they are older than {:?}",
                self.signal.data(),
                self.options.directory.display(),
                self.options.max_age
            );
        }
        Ok(())
    }

    /// Returns the oldest entry; drops entries of another version before it.
    fn peek(&mut self) -> io::Result<Option<Entry>> {
        while let Some(bytes) = self.file.first()? {
            if let Some(entry) = Entry::decode(&bytes, self.signal) {
                return Ok(Some(entry));
            }
            self.remove_first()?;
        }
        Ok(None)
    }

    fn remove_first(&mut self) -> io::Result<()> {
        self.file.remove()?;
        self.removed += 1;
        Ok(())
    }

    /// Takes over the entries of a process that has ended; a process that runs keeps its own.
    fn adopt(&mut self, number: usize) -> io::Result<()> {
        let path = numbered(&self.options.directory, self.signal.word(), number);
        if !path.exists() {
            return Ok(());
        }
        let Some(mut file) = SpillFile::open(&path)? else {
            return Ok(());
        };
        while let Some(bytes) = file.first()? {
            if let Some(entry) = Entry::decode(&bytes, self.signal) {
                self.add_entries(&[entry])?;
            }
            file.remove()?;
        }
        file.delete()
    }
}
