//! Batching: measurements wait in a ring per thread and reach the SDK some at a time.
//!
//! The SDK's bound instruments are a mutex or an atomic each: threads that measure one series wait for each other with
//! every measurement. So a thread writes to a ring of its own, which is emptied into the SDK by one thread at a time:
//! by itself after each 64 measurements if nobody else is at it, when the ring is full, and at the start of every
//! collection, by whatever reader: an observable callback on the provider is the hook, which no reader sees.
//!
//! Gauges do not pass here: an older value would overwrite a newer one.

mod hook;
mod ring;
mod rings;

/// What the ring is made of; a model checker has its own.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
}

use std::{cell::OnceCell, num::NonZeroU32, sync::Arc};

pub(crate) use self::hook::Hook;
use self::{
    ring::Pushed,
    rings::{Ring, Rings},
};
use super::deferral::is_collecting;

/// What measurements are for: a series, bound in the SDK.
pub(super) trait Target: Send + Sync {
    /// Records measurements, as bits.
    fn record(&self, values: &[u64]);
}

thread_local!(static LOCAL: Local = const { Local(OnceCell::new()) });

/// The ring of a thread, from its first measurement on.
struct Local(OnceCell<Arc<Ring>>);

impl Local {
    #[inline]
    fn ring(&self) -> &Arc<Ring> {
        match self.0.get() {
            Some(ring) => ring,
            None => self.make(),
        }
    }

    #[cold]
    fn make(&self) -> &Arc<Ring> {
        self.0.get_or_init(|| Rings::lock().add_ring())
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(ring) = self.0.get() {
            Rings::lock().end_ring(ring);
        }
    }
}

/// The number under which a target is known to the rings. Given back when dropped.
#[derive(Debug)]
pub(super) struct Ticket(NonZeroU32);

impl Ticket {
    /// `None` if there are more series than numbers.
    pub(super) fn new(target: Arc<dyn Target>) -> Option<Self> {
        Rings::lock().add_target(target).map(Self)
    }

    /// Puts a measurement into the ring of this thread. Where that cannot be, it is to be recorded directly.
    #[inline]
    #[must_use]
    pub(super) fn push(&self, value: u64) -> bool {
        let push = |local: &Local| match local.ring().push(self.0.get(), value) {
            Pushed::In => true,
            Pushed::Batch => {
                drain_if_free(local.ring());
                true
            }
            Pushed::Full => self.push_into_full(local.ring(), value),
        };
        LOCAL.try_with(push).unwrap_or(false)
    }

    #[cold]
    fn push_into_full(&self, ring: &Arc<Ring>, value: u64) -> bool {
        // A thread that drains holds the lock: what its recording leads to waits for nobody.
        if is_collecting() {
            return false;
        }
        Rings::lock().drain(std::slice::from_ref(ring));
        ring.push(self.0.get(), value) != Pushed::Full
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        rings::give_back(self.0);
    }
}

#[cold]
fn drain_if_free(ring: &Arc<Ring>) {
    if let Some(mut rings) = Rings::try_lock() {
        rings.drain(std::slice::from_ref(ring));
    }
}
