//! Deferral: what must not happen on a thread that is collecting.
//!
//! The SDK holds its pipeline's lock while observable callbacks run: an instrument that is made on that thread
//! waits for itself. So such an instrument is made after the collection, and what it records until then waits.
//!
//! The same holds while an instrument is made: the SDK logs under the locks that it takes for that, and a `tracing`
//! subscriber may count its events with instruments of its own.

use std::cell::Cell;

thread_local!(static COLLECTING: Cell<bool> = const { Cell::new(false) });

/// Runs a collection on this thread; instruments asked for meanwhile are made by
/// [`Streams::settle`](super::Streams::settle).
pub fn during_collection<R>(collect: impl FnOnce() -> R) -> R {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            COLLECTING.set(self.0);
        }
    }
    let _reset = Reset(COLLECTING.replace(true));
    collect()
}

pub(crate) fn is_collecting() -> bool {
    COLLECTING.try_with(Cell::get).unwrap_or(false)
}
