//! Locks and atomics of everything that is written without waiting: those of the standard library. The model checker
//! puts its own in their place (`tests/model`).

pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};

/// A value that is made once, by whoever is first: nobody waits for another one. A thread of a forked process would
/// wait for ever for one of its parent's.
pub(crate) use once_cell::race::OnceBox;
