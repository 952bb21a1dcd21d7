//! Patience: waiting for what may hang, and not longer than said.

use std::{sync::mpsc, thread, time::Instant};

/// Runs work on a thread of its own and waits for it until the deadline; `None` if it takes longer or panics.
pub(crate) fn within<R: Send + 'static>(
    deadline: Instant,
    work: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (done, result) = mpsc::sync_channel(1);
    let worker = thread::Builder::new()
        .name("runar-otel-wait".to_owned())
        .spawn(move || {
            let _ = done.try_send(work());
        });
    worker.ok()?;
    result
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_hangs_is_left_behind() {
        let (_open, never) = mpsc::channel::<()>();
        let deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(within(deadline, move || never.recv().is_ok()), None);
        assert_eq!(
            within(Instant::now() + Duration::from_secs(60), || 7),
            Some(7)
        );
    }
}
