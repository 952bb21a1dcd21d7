//! Processes that were forked: whatever lock another thread held then is held for ever.

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// The process that made the last provider.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Notes that a provider is made in this process.
pub(crate) fn note() {
    PROCESS.store(process::id(), Ordering::Relaxed);
}

/// True in a child of the process that made the last provider. A system call: for what is rare.
#[cold]
pub(crate) fn is_child() -> bool {
    let process = PROCESS.load(Ordering::Relaxed);
    process != 0 && process != process::id()
}
