//! The activity of a connection: when bytes moved last, and whether a request is answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// The activity of a connection. Relaxed: the values stand for themselves.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    begin: Instant,
    /// The time of the last bytes, in milliseconds since the begin.
    last: AtomicU64,
    /// True while a request is answered.
    busy: AtomicBool,
    /// True while a client has not taken what was written.
    writing: AtomicBool,
}

impl Activity {
    /// Begins with a connection that is made now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            begin: Instant::now(),
            last: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            writing: AtomicBool::new(false),
        }))
    }

    /// Notes that bytes have moved.
    pub(super) fn note_bytes(&self) {
        let since = self.0.begin.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.0.last.store(since, Ordering::Relaxed);
    }

    /// Notes that a request is answered, or is no more.
    pub(super) fn set_busy(&self, busy: bool) {
        self.0.busy.store(busy, Ordering::Relaxed);
        self.note_bytes();
    }

    /// Notes that a client has not taken what was written, or has.
    pub(super) fn set_writing(&self, writing: bool) {
        self.0.writing.store(writing, Ordering::Relaxed);
    }

    /// Returns the time since bytes moved last; `None` while a request is answered or a client reads.
    pub(super) fn idle(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.0.last.load(Ordering::Relaxed));
        let is_busy = self.0.busy.load(Ordering::Relaxed) || self.0.writing.load(Ordering::Relaxed);
        (!is_busy).then(|| self.0.begin.elapsed().saturating_sub(last))
    }
}
