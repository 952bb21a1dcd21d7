//! A worker: a thread that does one job after the other, so that a job that hangs holds up its own destination alone.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Mutex, PoisonError, mpsc},
    task::{Context, Poll},
    thread,
};

use opentelemetry::Context as TelemetryContext;
use runar_otel_core::caught;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one job after the other. The thread starts with the first job, and ends with the last one after
/// the worker is dropped.
///
/// Telemetry is suppressed on the thread: callbacks make no spans there, as on the reader thread of the OpenTelemetry
/// SDK.
pub(crate) struct Worker {
    name: &'static str,
    /// The queue of the thread; `None` before the first job.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Worker {
    /// Makes the worker of a thread with this name.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            jobs: Mutex::new(None),
        }
    }

    /// Does the job after those before it, and returns its result as a future. The job is done even if the future is
    /// dropped.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Pending<T> {
        let (sender, result) = oneshot::channel();
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_none() {
            *jobs = start(self.name).ok();
        }
        // Without a thread the job is dropped, and with it the sender.
        if let Some(jobs) = jobs.as_ref() {
            let _ = jobs.send(Box::new(move || {
                let _ = sender.send(job());
            }));
        }
        Pending(result)
    }
}

fn start(name: &str) -> io::Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let _quiet = TelemetryContext::enter_telemetry_suppressed_scope();
            for job in queue {
                // The waiting side learns of a panic by the missing result.
                let _ = caught(job);
            }
        })?;
    Ok(jobs)
}

impl fmt::Debug for Worker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// The result of a job, once it is done.
#[derive(Debug)]
pub(crate) struct Pending<T>(oneshot::Receiver<T>);

/// The error of a job that panicked, or of a system that refuses a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panicked, or has no thread")]
pub(crate) struct Unfinished;

impl<T> Future for Pending<T> {
    type Output = Result<T, Unfinished>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|result| result.map_err(|_| Unfinished))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_are_done_in_order_and_survive_a_panic() {
        let worker = Worker::new("test");
        let first = worker.run(|| 1);
        let second: Pending<u8> = worker.run(|| panic!("as intended"));
        let third = worker.run(TelemetryContext::is_current_telemetry_suppressed);
        assert_eq!(third.await, Ok(true));
        assert_eq!((first.await, second.await), (Ok(1), Err(Unfinished)));
    }
}
