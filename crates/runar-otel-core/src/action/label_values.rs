//! The values of the declared labels in one call.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::threads::forked;

/// The most values that wait in a pool for the next calls of their function.
const MOST_POOLED: usize = 64;

/// The longest value, in bytes, whose memory a pool keeps.
const LONGEST_POOLED: usize = 256;

/// The values of one call, which has them for itself, and those added to them. In a box, so that a future does not
/// grow.
#[derive(Debug)]
pub(crate) struct LabelValues(Box<CallValues>);

#[derive(Debug)]
struct CallValues {
    /// Values by the position of their labels; empty for labels that nobody set.
    values: Vec<String>,
    added: AddedLabels,
}

/// The values that code inside a call adds, on any thread. Clones belong to the same call, in other parts of its chain.
#[derive(Clone, Debug)]
pub(crate) struct AddedLabels(Arc<SharedValues>);

#[derive(Debug)]
struct SharedValues {
    /// The pool of the function.
    pool: &'static LabelPool,
    values: Mutex<AddedValues>,
    /// False once the call is over. Written by the call alone: to false under the lock, to true where nobody else has
    /// it, therefore relaxed.
    open: AtomicBool,
}

#[derive(Debug, Default)]
struct AddedValues {
    any: bool,
    /// Values by the position of their labels; true if the value was set.
    values: Vec<(bool, String)>,
}

/// The values of calls that are over, kept for the next ones of the function: a call with labels then allocates nothing
/// (`tests/allocations`).
pub(crate) struct LabelPool(Mutex<Vec<LabelValues>>);

impl LabelPool {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Takes values from the pool; `None` if it is empty, or if another thread has it right now.
    fn take(&self) -> Option<LabelValues> {
        self.try_lock()?.pop()
    }

    fn put(&self, values: LabelValues) {
        if let Some(mut pool) = self.try_lock()
            && pool.len() < MOST_POOLED
        {
            pool.push(values);
        }
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Vec<LabelValues>>> {
        match self.0.try_lock() {
            Ok(pool) => Some(pool),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl fmt::Debug for LabelPool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LabelPool")
    }
}

impl LabelValues {
    /// Opens the values of a call, of a function that declares so many labels.
    pub(crate) fn open(pool: &'static LabelPool, count: usize) -> Self {
        let mut opened = pool.take().unwrap_or_else(|| Self::new(pool, count));
        let own = &mut opened.0;
        own.values.iter_mut().for_each(String::clear);
        own.added.0.open.store(true, Ordering::Relaxed);
        opened
    }

    #[cold]
    fn new(pool: &'static LabelPool, count: usize) -> Self {
        let mut added = AddedValues::default();
        added.values.resize_with(count, Default::default);
        Self(Box::new(CallValues {
            values: vec![String::new(); count],
            added: AddedLabels(Arc::new(SharedValues {
                pool,
                values: Mutex::new(added),
                open: AtomicBool::new(false),
            })),
        }))
    }

    /// Sets the value of the label at a position.
    #[inline]
    pub(crate) fn set(&mut self, at: usize, value: &str) {
        if let Some(known) = self.0.values.get_mut(at) {
            known.clear();
            known.push_str(value);
        }
    }

    /// The part of the values that code inside the call can add to.
    #[inline]
    pub(crate) fn added(&self) -> &AddedLabels {
        &self.0.added
    }

    /// Ends the call, and lends its values: not under a lock, because a record with them may come back here.
    #[inline]
    pub(crate) fn close(&mut self, usage: impl FnOnce(&[String])) {
        let CallValues { values, added } = &mut *self.0;
        added.close(values);
        usage(values);
        // The pool keeps room for labels, not for whatever somebody made of one.
        let long = values
            .iter_mut()
            .filter(|value| value.capacity() > LONGEST_POOLED);
        long.for_each(|value| *value = String::new());
    }

    /// Gives the memory back after the call, unless another part of its chain still refers to it.
    pub(crate) fn give_back(self) {
        let shared = &self.0.added.0;
        if Arc::strong_count(shared) == 1 {
            let pool = shared.pool;
            pool.put(self);
        }
    }
}

impl AddedLabels {
    /// Sets the value of the label at a position; false if the call is over.
    pub(crate) fn set(&self, at: usize, value: &str) -> bool {
        let Some(mut values) = forked::lock(&self.0.values) else {
            return true;
        };
        if !self.0.open.load(Ordering::Relaxed) {
            return false;
        }
        if let Some((is_set, known)) = values.values.get_mut(at) {
            *is_set = true;
            known.clear();
            known.push_str(value);
            values.any = true;
        }
        true
    }

    /// Ends the call: added values replace those that the call had.
    fn close(&self, own: &mut [String]) {
        let Some(mut added) = forked::lock(&self.0.values) else {
            return;
        };
        self.0.open.store(false, Ordering::Relaxed);
        if std::mem::take(&mut added.any) {
            let pairs = own.iter_mut().zip(&mut added.values);
            let set = pairs.filter(|(_, (is_set, _))| *is_set);
            set.for_each(|(own, (is_set, value))| {
                *is_set = false;
                std::mem::swap(own, value);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_over_takes_no_values() {
        static POOL: LabelPool = LabelPool::new();
        let mut values = LabelValues::open(&POOL, 2);
        let elsewhere = values.added().clone();
        values.set(1, "a");
        values.set(7, "nowhere");
        assert!(elsewhere.set(1, "b"));
        assert!(elsewhere.set(7, "nowhere"));
        values.close(|values| assert_eq!(values, ["", "b"]));
        assert!(!elsewhere.set(0, "late"));
        values.give_back();
        assert!(POOL.take().is_none(), "it is still in use");
    }

    #[test]
    fn the_next_call_begins_without_values() {
        static POOL: LabelPool = LabelPool::new();
        let mut first = LabelValues::open(&POOL, 1);
        let memory = Arc::as_ptr(&first.added().0);
        first.set(0, "one");
        assert!(first.added().set(0, "two"));
        first.close(|_| ());
        first.give_back();
        let mut second = LabelValues::open(&POOL, 1);
        assert_eq!(Arc::as_ptr(&second.added().0), memory);
        second.close(|values| assert_eq!(values, [""]));
    }
}
