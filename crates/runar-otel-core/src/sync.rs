//! Locks and atomics of everything that is written without waiting: those of the standard library. The model checker puts
//! its own in their place (`tests/model`).

pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, atomic};
