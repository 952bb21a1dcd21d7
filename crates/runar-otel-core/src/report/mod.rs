//! Reports: each problem is reported once, loudly, and never in the way of the application.
//!
//! A report may come from any place that records: a layer of `tracing`, a panic hook, a destructor. It is put into a
//! bounded queue there, and a thread of its own hands it to the subscriber.

pub(crate) mod closest_word;
mod writer;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

pub use writer::flush;

use tracing::Level;

use crate::threads::background_queue::lock_soon;

/// The target of all events that this SDK emits about itself.
pub const TARGET: &str = "runar_otel";

/// The most different reports of a process: a reader needs no more, and later ones are dropped.
const MOST: usize = 10_000;

static REPORTED: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// Reports a problem as a `tracing` event of level `ERROR`, once per `key` in the life of the process.
///
/// Without any `tracing` subscriber the message goes to standard error. Another thread writes it, see [`flush`].
pub fn once(key: impl Hash, message: impl FnOnce() -> String) {
    if is_first(key) {
        say(message());
    }
}

/// Logs a line at a level, by the thread that writes reports: a subscriber that takes its time, or panics, holds up
/// nobody. `info` is the lowest level.
pub fn log(level: Level, line: impl Into<String>) {
    writer::queue(level, line.into());
}

/// Reports a problem each time it is called; see [`once`].
pub fn say(message: impl Into<String>) {
    writer::queue(Level::ERROR, message.into());
}

/// The keys found last in [`REPORTED`], each in the place of its hash: a problem reported with every record takes no
/// lock.
static RECENT: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

fn is_first(key: impl Hash) -> bool {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let hash = hasher.finish();
    let [place, ..] = hash.to_le_bytes();
    let recent = RECENT.get(usize::from(place) % RECENT.len());
    if recent.is_some_and(|recent| recent.load(Ordering::Relaxed) == hash) {
        return false;
    }
    let Some(mut reported) = lock_soon(&REPORTED) else {
        return false;
    };
    let first = reported.len() < MOST && reported.insert(hash);
    if let Some(recent) = recent {
        recent.store(hash, Ordering::Relaxed);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_is_reported_once() {
        assert!(is_first(("a test", 1)));
        assert!(!is_first(("a test", 1)));
        assert!(is_first(("a test", 2)));
    }
}
