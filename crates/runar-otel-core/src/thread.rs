//! What a thread has that records: its ring, its shares, and whether its context can still be read.

use std::{cell::OnceCell, panic::catch_unwind, sync::Arc};

use opentelemetry::Context;

use crate::{gate::Ring, shares::Shares};

/// One for each thread, dropped when it ends.
pub(crate) struct Thread {
    /// False if the thread records for the first time while it ends, its context being gone already.
    context_is_alive: bool,
    /// Measurements that have not reached the SDK yet.
    ring: OnceCell<Arc<Ring>>,
    /// What it has added to counts of what is under way.
    shares: OnceCell<Arc<Shares>>,
}

thread_local!(static THREAD: Thread = Thread::new());

impl Thread {
    /// Reads the context first: what is born later dies earlier.
    fn new() -> Self {
        Self {
            context_is_alive: catch_unwind(|| Context::map_current(|_| ())).is_ok(),
            ring: OnceCell::new(),
            shares: OnceCell::new(),
        }
    }

    #[inline]
    pub(crate) fn context_is_alive(&self) -> bool {
        self.context_is_alive
    }

    /// Its ring, if it has recorded before.
    #[inline]
    pub(crate) fn ring(&self) -> Option<&Arc<Ring>> {
        self.ring.get()
    }

    /// Its ring, made if there is none.
    pub(crate) fn make_ring(&self) -> &Arc<Ring> {
        self.ring.get_or_init(Ring::of_a_thread)
    }

    /// Its shares, if it has any.
    #[inline]
    pub(crate) fn shares(&self) -> Option<&Arc<Shares>> {
        self.shares.get()
    }

    /// Its shares, made if there are none.
    pub(crate) fn make_shares(&self) -> &Arc<Shares> {
        self.shares.get_or_init(Shares::of_a_thread)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(ring) = self.ring.get() {
            Ring::end(ring);
        }
        if let Some(shares) = self.shares.get() {
            Shares::end(shares);
        }
    }
}

/// Uses what this thread has; `None` once that is dropped.
#[inline]
pub(crate) fn here<R>(usage: impl FnOnce(&Thread) -> R) -> Option<R> {
    THREAD.try_with(usage).ok()
}

/// Reading the context in the destructor of a thread-local aborts the process once the context is gone.
#[inline]
pub(crate) fn context_is_alive() -> bool {
    here(Thread::context_is_alive).unwrap_or(false)
}
