//! Batching: measurements wait in a ring per thread and reach the SDK some at a time.
//!
//! The SDK's bound instruments are a mutex or an atomic each: threads that measure one series wait for each other with
//! every measurement. So a thread writes to a ring of its own, which is emptied into the SDK by one thread at a time:
//! by itself after each 64 measurements if nobody else is at it, when the ring is full, and at the start of every
//! collection, by whatever reader: an observable callback on the provider is the hook, which no reader sees.
//!
//! Gauges do not pass here: an older value would overwrite a newer one.

mod groups;
mod hook;
mod ring;
mod rings;
#[cfg(test)]
mod tests;

/// What the ring is made of; the model checker has its own.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
}

use std::{num::NonZeroU32, sync::Arc};

use self::rings::{BATCH, Rings};
pub(crate) use self::{hook::Hook, rings::Ring};
use super::deferral::is_collecting;

/// What measurements are for: a series, bound in the SDK.
pub(super) trait Target: Send + Sync {
    /// Records measurements, as bits.
    fn record(&self, values: &[u64]);
}

impl Ring {
    /// The ring of a thread, known to all who drain.
    pub(crate) fn of_a_thread() -> Arc<Self> {
        Rings::lock().add_ring()
    }

    /// Records what is in the ring of a thread that ends.
    pub(crate) fn end(ring: &Arc<Self>) {
        Rings::lock().end_ring(ring);
    }
}

/// The number under which a target is known to the rings. Given back when dropped.
#[derive(Debug)]
pub(super) struct Ticket(NonZeroU32);

impl Ticket {
    /// `None` if there are more series than numbers.
    pub(super) fn new(target: Arc<dyn Target>) -> Option<Self> {
        rings::make_room();
        Rings::lock().add_target(target).map(Self)
    }

    /// Puts a measurement into the ring of this thread, unless it is the first one of a batch.
    #[inline]
    #[must_use]
    pub(super) fn push(&self, ring: &Ring, value: u64) -> bool {
        ring.push(self.0.get(), value)
    }

    /// The same for any measurement. Before a batch, what is there is recorded, if nobody else does that. Where there
    /// is no room all the same, the measurement is to be recorded directly.
    #[must_use]
    pub(super) fn push_first(&self, ring: &Arc<Ring>, value: u64) -> bool {
        if self.push(ring, value) {
            return true;
        }
        if ring.waiting() >= BATCH
            && let Some(mut rings) = Rings::try_lock()
        {
            rings.drain(std::slice::from_ref(ring));
        }
        if ring.push_first(self.0.get(), value) {
            return true;
        }
        // A thread that drains holds the lock: what its recording leads to waits for nobody.
        if is_collecting() {
            return false;
        }
        Rings::lock().drain(std::slice::from_ref(ring));
        ring.push_first(self.0.get(), value)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        rings::give_back(self.0);
    }
}
