//! Work that may hang, on a thread of its own, awaited until a deadline.

use std::{
    io,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use runar_otel_core::caught;

/// Work on a thread of its own.
pub(crate) struct Pending<R>(Receiver<R>);

/// The least time to wait, 10 ms: work that has finished counts even after its deadline.
const GRACE: Duration = Duration::from_millis(10);

/// Begins work that may hang, on a new thread. Without a thread the work counts as work that panicked.
pub(crate) fn begin<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Pending<R> {
    try_begin(work).unwrap_or_else(|_| Pending(mpsc::sync_channel(1).1))
}

/// Begins work that may hang, on a new thread.
///
/// # Errors
/// When there is no thread for it.
pub(crate) fn try_begin<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> io::Result<Pending<R>> {
    let (done, result) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("runar-otel-wait".to_owned());
    thread.spawn(move || {
        caught(|| {
            let _ = done.try_send(work());
        });
    })?;
    Ok(Pending(result))
}

impl<R> Pending<R> {
    /// Waits until the deadline; `None` if the work takes longer or panics.
    pub(crate) fn wait(self, deadline: Instant) -> Option<R> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.0.recv_timeout(left.max(GRACE)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_hangs_is_left_behind() {
        let (_open, never) = mpsc::channel::<()>();
        let deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(begin(move || never.recv().is_ok()).wait(deadline), None);
        let deadline = Instant::now() + Duration::from_secs(60);
        assert_eq!(begin(|| 7).wait(deadline), Some(7));
    }

    #[test]
    fn a_finished_task_counts_even_if_it_is_late() {
        let (finished, told) = mpsc::channel();
        let pending = begin(move || finished.send(()).is_ok());
        told.recv().unwrap();
        assert_eq!(pending.wait(Instant::now()), Some(true));
    }
}
