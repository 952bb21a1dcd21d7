//! What a thread that records needs to know of itself: whether its context can still be read.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use opentelemetry::Context;

/// Whether the OpenTelemetry context of this thread can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ContextState {
    Unknown,
    /// Being found out: what records meanwhile, such as a panic hook, does without.
    Asking,
    Alive,
    Gone,
}

thread_local! {
    /// Without a destructor, so that it can be asked for at any time in the life of a thread.
    static STATE: Cell<ContextState> = const { Cell::new(ContextState::Unknown) };
    /// Born after the context of the thread, and so dropped before it.
    static SENTINEL: Sentinel = const { Sentinel };
}

struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        STATE.set(ContextState::Gone);
    }
}

/// True if the context can be read: reading it in the destructor of a thread-local aborts the process once it is gone.
#[inline]
pub(crate) fn context_is_alive() -> bool {
    context_is_known() || ask()
}

/// True if the context can be read and that has been found out, which takes no call.
#[inline]
pub(crate) fn context_is_known() -> bool {
    STATE.get() == ContextState::Alive
}

#[cold]
fn ask() -> bool {
    if STATE.get() != ContextState::Unknown {
        return false;
    }
    STATE.set(ContextState::Asking);
    let alive = catch_unwind(AssertUnwindSafe(|| Context::map_current(|_| ()))).is_ok()
        && SENTINEL.try_with(|_| ()).is_ok();
    STATE.set(if alive {
        ContextState::Alive
    } else {
        ContextState::Gone
    });
    alive
}
