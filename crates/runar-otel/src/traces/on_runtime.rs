//! Exporting on the private runtime, from a thread that has none.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use tokio::runtime::Handle;

use crate::traces::shutdown::note_failure;

/// An exporter whose work is done on another runtime.
///
/// For the batch processor only, whose thread has no runtime and nothing else to do: the exporter blocks that thread
/// until the export is done, at most for the timeout. The timeout runs on the blocked thread, so it ends the export
/// even if the runtime is stuck or gone.
#[derive(Debug)]
pub(crate) struct OnRuntime<E> {
    inner: Arc<E>,
    runtime: Handle,
    timeout: Duration,
}

impl<E> OnRuntime<E> {
    pub(crate) fn new(inner: E, runtime: Handle, timeout: Duration) -> Self {
        Self {
            inner: Arc::new(inner),
            runtime,
            timeout,
        }
    }
}

impl<E: SpanExporter + 'static> OnRuntime<E> {
    fn export_blocking(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (sender, receiver) = mpsc::sync_channel(1);
        let inner = Arc::clone(&self.inner);
        let export = self.runtime.spawn(async move {
            let _ = sender.send(inner.export(batch).await);
        });
        match receiver.recv_timeout(self.timeout) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => {
                export.abort();
                Err(OTelSdkError::Timeout(self.timeout))
            }
            Err(RecvTimeoutError::Disconnected) => Err(OTelSdkError::InternalFailure(
                "the export was dropped: its runtime has stopped, or it panicked".to_owned(),
            )),
        }
    }
}

impl<E: SpanExporter + 'static> SpanExporter for OnRuntime<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.export_blocking(batch).inspect_err(note_failure)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    /// Called before the first export, while nothing else holds the exporter.
    fn set_resource(&mut self, resource: &Resource) {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.set_resource(resource);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use opentelemetry_sdk::trace::InMemorySpanExporter;
    use polled::block_on;
    use runar_otel_pipeline::background::Background;

    use super::*;

    /// Polls once: the future blocks by itself and is ready then.
    mod polled {
        use std::{
            pin::pin,
            task::{Context, Poll, Waker},
        };

        pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
            match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => value,
                Poll::Pending => panic!("the export does not block"),
            }
        }
    }

    #[derive(Debug)]
    struct Never;

    impl SpanExporter for Never {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            std::future::pending().await
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn export_runs_on_the_runtime() {
        let background = Background::start().unwrap();
        let exporter = OnRuntime::new(
            InMemorySpanExporter::default(),
            background.handle().clone(),
            LONG,
        );
        block_on(exporter.export(Vec::new())).unwrap();
    }

    #[test]
    fn export_that_never_ends_is_given_up() {
        let background = Background::start().unwrap();
        let timeout = Duration::from_millis(50);
        let exporter = OnRuntime::new(Never, background.handle().clone(), timeout);
        let result = block_on(exporter.export(Vec::new()));
        assert!(matches!(result, Err(OTelSdkError::Timeout(t)) if t == timeout));
    }

    #[test]
    fn runtime_that_is_gone_is_an_error_at_once() {
        let mut background = Background::start().unwrap();
        let exporter = OnRuntime::new(Never, background.handle().clone(), LONG);
        background.stop(Instant::now() + LONG);
        let result = block_on(exporter.export(Vec::new()));
        assert!(matches!(result, Err(OTelSdkError::InternalFailure(_))));
    }

    #[test]
    fn runtime_that_stops_during_the_export_is_an_error_at_once() {
        let mut background = Background::start().unwrap();
        let exporter = OnRuntime::new(Never, background.handle().clone(), LONG);
        let waiting = std::thread::spawn(move || block_on(exporter.export(Vec::new())));
        background.stop(Instant::now() + LONG);
        assert!(waiting.join().unwrap().is_err());
    }
}
