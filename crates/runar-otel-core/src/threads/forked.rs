//! Forked processes: a lock that another thread held at the fork is held for ever.

use std::{
    process,
    sync::{
        LockResult, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        TryLockError, TryLockResult,
        atomic::{AtomicU32, Ordering},
    },
};

/// The process that made the last provider; before the first provider, the first process that asked.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Notes that a provider is made in this process.
pub(crate) fn note() {
    PROCESS.store(process::id(), Ordering::Relaxed);
}

/// Notes a process if none is noted. Returns the noted one.
fn note_first(own: u32) -> Option<u32> {
    let order = Ordering::Relaxed;
    PROCESS.compare_exchange(0, own, order, order).err()
}

/// Notes the process before it has the first lock: a child finds a note of its parent then.
#[inline]
fn note_use() {
    if PROCESS.load(Ordering::Relaxed) == 0 {
        note_first(process::id());
    }
}

/// True in a child of the process that made the last provider. A system call: for rare use.
#[cold]
pub(crate) fn is_child() -> bool {
    let own = process::id();
    note_first(own).is_some_and(|known| known != own)
}

/// Locks a mutex; `None` in a child if it is taken, perhaps by a thread of the parent.
#[must_use]
pub fn lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    note_use();
    unless_child(mutex.try_lock(), || mutex.lock())
}

/// Locks for reading, see [`lock`].
pub(crate) fn read<T>(lock: &RwLock<T>) -> Option<RwLockReadGuard<'_, T>> {
    note_use();
    unless_child(lock.try_read(), || lock.read())
}

/// Locks for writing, see [`lock`].
pub(crate) fn write<T>(lock: &RwLock<T>) -> Option<RwLockWriteGuard<'_, T>> {
    note_use();
    unless_child(lock.try_write(), || lock.write())
}

fn unless_child<G>(tried: TryLockResult<G>, wait: impl FnOnce() -> LockResult<G>) -> Option<G> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) if is_child() => None,
        Err(TryLockError::WouldBlock) => Some(wait().unwrap_or_else(PoisonError::into_inner)),
    }
}
