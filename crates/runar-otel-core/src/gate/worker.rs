//! Code of the application run with a time limit.

use std::{
    cell::Cell,
    io,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use opentelemetry::Context;

use crate::threads::deferred_drop::caught;

thread_local!(static ON_WORKER: Cell<bool> = const { Cell::new(false) });

/// True on a thread that runs callbacks.
pub(super) fn is_worker() -> bool {
    ON_WORKER.get()
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that runs jobs, and is replaced when a job takes too long.
#[derive(Default)]
pub(super) struct Worker(Mutex<Option<SyncSender<Job>>>);

/// The reason for the missing result of a job.
#[derive(Debug)]
pub(super) enum JobError {
    /// The job still runs, on a thread that nobody waits for.
    TimedOut,
    Panicked,
    /// The system refuses another thread.
    NoThread,
}

impl Worker {
    /// Runs a job and waits for its result, until the timeout.
    pub(super) fn run<R: Send + 'static>(
        &self,
        timeout: Duration,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, JobError> {
        let (send, result) = sync_channel(1);
        let job: Job = Box::new(move || {
            // Nobody receives after a time-out.
            let _ = send.try_send(job());
        });
        self.send(job).map_err(|_| JobError::NoThread)?;
        self.wait_for_result(timeout, &result)
    }

    fn send(&self, job: Job) -> io::Result<()> {
        let mut worker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match &*worker {
            Some(jobs) => match jobs.send(job) {
                Ok(()) => return Ok(()),
                // The job ended with a panic.
                Err(error) => error.0,
            },
            None => job,
        };
        let jobs = spawn()?;
        let _ = jobs.send(job);
        *worker = Some(jobs);
        Ok(())
    }

    fn wait_for_result<R>(&self, timeout: Duration, result: &Receiver<R>) -> Result<R, JobError> {
        result.recv_timeout(timeout).map_err(|error| {
            self.end();
            match error {
                RecvTimeoutError::Timeout => JobError::TimedOut,
                RecvTimeoutError::Disconnected => JobError::Panicked,
            }
        })
    }

    /// Lets the thread end, after its job. The next job gets another one.
    pub(super) fn end(&self) {
        let worker = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(worker);
    }
}

fn spawn() -> io::Result<SyncSender<Job>> {
    let (send, jobs) = sync_channel::<Job>(1);
    let run = move || {
        ON_WORKER.set(true);
        // Spans of callbacks would be spans of telemetry about itself.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        for job in jobs {
            // Nothing of it panics that is not caught already.
            caught(job);
        }
    };
    let name = "runar-otel-callbacks".to_owned();
    thread::Builder::new().name(name).spawn(run)?;
    Ok(send)
}
