//! Code of the application kept apart, with its panics and its `Drop`.

use std::{
    any::Any,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::background_queue::BackgroundQueue;

/// The most values that wait to be dropped. They are in memory anyway: the limit is for a `Drop` that hangs.
const MOST: usize = 100_000;

static DROPS: BackgroundQueue<Box<dyn Any + Send>> =
    BackgroundQueue::new("runar-otel-drops", MOST, drop_here);

/// Runs code of the application; `None` if it panics.
///
/// The payload of a panic may have a `Drop` of its own, which runs on a thread of its own.
pub fn caught<R>(work: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Some(result),
        Err(payload) => {
            if !payload.is::<&str>() && !payload.is::<String>() {
                defer_drop(payload);
            }
            None
        }
    }
}

/// Drops a value of the application on another thread, where a slow `Drop` delays nobody.
fn defer_drop(value: Box<dyn Any + Send>) {
    if let Err(value) = DROPS.put(value) {
        drop_here(value);
    }
}

fn drop_here(value: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // Its `Drop` may panic as well, and so on.
        mem::forget(again);
    }
}

/// Waits until all values put aside are dropped, at most for this time; true if they are.
pub(crate) fn flush(within: Duration) -> bool {
    DROPS.flush(within)
}

/// A value of the application that is dropped on a thread of its own.
pub(crate) struct DeferredDrop<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> DeferredDrop<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The value; `None` only while it is being dropped.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// The value, to change it.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()
    }
}

impl<T: Send + 'static> Drop for DeferredDrop<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            defer_drop(Box::new(value));
        }
    }
}

impl<T: Send + 'static> fmt::Debug for DeferredDrop<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DeferredDrop")
    }
}

#[cfg(test)]
mod tests {
    use std::{panic::panic_any, sync::mpsc, thread};

    use super::*;

    /// More than enough for anything that is to happen at all.
    const LONG: Duration = Duration::from_secs(20);

    struct Bad(mpsc::Sender<Option<String>>);

    impl Drop for Bad {
        fn drop(&mut self) {
            let name = thread::current().name().map(str::to_owned);
            let _ = self.0.send(name);
            panic_any(Self(self.0.clone()));
        }
    }

    #[test]
    fn a_payload_that_panics_in_its_drop_harms_nobody() {
        let (tell, told) = mpsc::channel();
        assert_eq!(caught(|| panic_any(Bad(tell))), None::<()>);
        let dropped = told.recv_timeout(LONG).unwrap();
        assert_eq!(dropped.as_deref(), Some("runar-otel-drops"));
        assert!(flush(LONG));
        assert_eq!(caught(|| 1), Some(1));
    }

    #[test]
    fn another_thread_drops_values_kept_apart() {
        let (tell, told) = mpsc::channel();
        drop(DeferredDrop::new(Bad(tell)));
        let dropped = told.recv_timeout(LONG).unwrap();
        assert_eq!(dropped.as_deref(), Some("runar-otel-drops"));
    }
}
