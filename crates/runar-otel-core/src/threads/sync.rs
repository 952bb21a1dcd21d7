//! Locks and atomics of all code that is written without waiting: those of the standard library. The model checker
//! replaces them (`tests/model`).

pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};

/// A value that is made once, by the first thread: no thread waits for another one. A thread of a forked process would
/// wait for ever for a thread of its parent.
pub(crate) use once_cell::race::OnceBox;
