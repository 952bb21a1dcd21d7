//! All rings of the process, and what is in them for whom.

use std::{
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
};

use super::{Target, groups, ring};
use crate::gate::deferral::during_collection;

/// After how many measurements a thread looks whether it can empty its ring.
pub(super) const BATCH: usize = 64;

/// 16 KiB per thread that measures.
pub(crate) type Ring = ring::Ring<1024, BATCH>;

/// All rings and all targets. Who holds it may drain. Nothing is created, bound or awaited under it.
pub(super) struct Rings {
    rings: Vec<Arc<Ring>>,
    /// By their number less one.
    targets: Vec<Option<Arc<dyn Target>>>,
    free: Vec<NonZeroU32>,
}

static RINGS: Mutex<Rings> = Mutex::new(Rings {
    rings: Vec::new(),
    targets: Vec::new(),
    free: Vec::new(),
});

/// Numbers given back: their targets go with the next drain of all rings, which may still have something for them.
static RETURNED: Mutex<Vec<NonZeroU32>> = Mutex::new(Vec::new());

pub(super) fn give_back(number: NonZeroU32) {
    returned().push(number);
}

/// Numbers that wait for a drain at the most: perhaps nobody collects any more.
const MOST_RETURNED: usize = 1024;

/// Frees the numbers that were given back, if there are many.
pub(super) fn make_room() {
    if returned().len() >= MOST_RETURNED {
        drain_all();
    }
}

/// How many wait.
#[cfg(test)]
pub(super) fn returned_now() -> usize {
    returned().len()
}

fn returned() -> MutexGuard<'static, Vec<NonZeroU32>> {
    RETURNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Empties all rings.
pub(super) fn drain_all() {
    let mut rings = Rings::lock();
    // Before the drain: what was pushed before a number came back is in a ring.
    let returned = std::mem::take(&mut *returned());
    let all = rings.rings.clone();
    rings.drain(&all);
    let ended: Vec<_> = returned
        .iter()
        .map(|number| rings.place(*number).and_then(Option::take))
        .collect();
    rings.free.extend(returned);
    drop(rings);
    // Not under the lock: they end in the SDK.
    drop(ended);
}

impl Rings {
    pub(super) fn lock() -> MutexGuard<'static, Self> {
        RINGS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn try_lock() -> Option<MutexGuard<'static, Self>> {
        match RINGS.try_lock() {
            Ok(rings) => Some(rings),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(super) fn add_ring(&mut self) -> Arc<Ring> {
        let ring = Arc::new(Ring::new());
        self.rings.push(ring.clone());
        ring
    }

    /// Records what a ring has and forgets it.
    pub(super) fn end_ring(&mut self, ring: &Arc<Ring>) {
        self.drain(std::slice::from_ref(ring));
        self.rings.retain(|other| !Arc::ptr_eq(other, ring));
    }

    pub(super) fn add_target(&mut self, target: Arc<dyn Target>) -> Option<NonZeroU32> {
        if let Some(number) = self.free.pop() {
            *self.place(number)? = Some(target);
            return Some(number);
        }
        let number = u32::try_from(self.targets.len() + 1).ok();
        let number = number.and_then(NonZeroU32::new)?;
        self.targets.push(Some(target));
        Some(number)
    }

    fn place(&mut self, number: NonZeroU32) -> Option<&mut Option<Arc<dyn Target>>> {
        self.targets.get_mut(index(number))
    }

    /// Empties some rings.
    pub(super) fn drain(&mut self, rings: &[Arc<Ring>]) {
        let record = |number, values: &[u64]| {
            let number = NonZeroU32::new(number);
            if let Some(Some(target)) = number.and_then(|number| self.targets.get(index(number))) {
                // A panic would poison the SDK's lock if a collection drains.
                let _ = catch_unwind(AssertUnwindSafe(|| target.record(values)));
            }
        };
        let batch = |series: &[u32], values: &[u64]| groups::by_series(series, values, record);
        during_collection(|| rings.iter().for_each(|ring| ring.drain(batch)));
    }
}

fn index(number: NonZeroU32) -> usize {
    number.get() as usize - 1
}
