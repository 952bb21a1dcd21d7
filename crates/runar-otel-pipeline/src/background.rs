//! The background: one thread with a private runtime for exports, the pull endpoint and span delivery.

use std::{
    io,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use opentelemetry::Context;
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// A private current-thread runtime on a thread of its own.
///
/// Exports, the pull endpoint and span delivery run on it, never on the application's runtime: a flush there may be
/// called from a `current_thread` runtime, and would wait for itself for ever. Work on this runtime makes no spans:
/// telemetry is suppressed on its threads.
#[derive(Debug)]
pub struct Background {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Background {
    /// Starts the thread, and waits until its runtime is ready.
    ///
    /// # Errors
    /// When the system refuses a thread or the runtime's resources.
    pub fn start() -> io::Result<Self> {
        let (started, handle) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        // The runtime is made and dropped on its own thread: the caller's may belong to another runtime.
        let thread = thread::Builder::new()
            .name("runar-otel".to_owned())
            .spawn(move || drive(&started, stopped))?;
        let handle = handle.recv().map_err(io::Error::other)??;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Returns the handle to spawn onto the private runtime.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Stops the thread and waits for it, at most until the deadline.
    pub fn stop(&mut self, deadline: Instant) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else {
            return;
        };
        while !thread.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

fn drive(started: &mpsc::SyncSender<io::Result<Handle>>, stopped: oneshot::Receiver<()>) {
    let _quiet = Context::enter_telemetry_suppressed_scope();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_name("runar-otel-blocking")
        .max_blocking_threads(4)
        .on_thread_start(suppress_telemetry)
        .build();
    match runtime {
        Ok(runtime) => {
            let _ = started.send(Ok(runtime.handle().clone()));
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        }
        Err(error) => drop(started.send(Err(error))),
    }
}

/// Suppresses telemetry on a blocking thread: work for an export makes no spans.
fn suppress_telemetry() {
    // For the life of the thread: a guard in a thread-local would touch the context when that is gone.
    std::mem::forget(Context::enter_telemetry_suppressed_scope());
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop(Instant::now() + Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_and_the_thread_ends() {
        let mut background = Background::start().unwrap();
        let (sender, receiver) = mpsc::channel();
        let also = sender.clone();
        background.handle().spawn(async move {
            sender
                .send(Context::is_current_telemetry_suppressed())
                .unwrap();
        });
        background.handle().spawn_blocking(move || {
            also.send(Context::is_current_telemetry_suppressed())
                .unwrap();
        });
        for _ in 0..2 {
            assert!(receiver.recv_timeout(Duration::from_secs(5)).unwrap());
        }
        background.stop(Instant::now() + Duration::from_secs(5));
        assert!(background.thread.is_none());
    }
}
