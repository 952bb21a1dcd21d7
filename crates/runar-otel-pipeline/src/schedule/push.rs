//! The push: collects and delivers at an interval, and on request.

use std::{
    error::Error,
    fmt,
    sync::{Arc, mpsc as std_mpsc},
    time::{Duration, Instant},
};

use runar_otel_core::report;
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::{JoinError, JoinHandle, spawn_blocking},
    time::{Instant as TokioInstant, MissedTickBehavior, interval_at, timeout},
};

use super::Sink;
use crate::{
    collect::Collector,
    export::{Delivered, ExportError},
    snapshot::Snapshot,
    store::{ConsumerId, TemporalityPreference},
};

/// Interval, time limit and temporality of a push.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PushOptions {
    /// The time between two pushes, 60 seconds by default.
    pub interval: Duration,
    /// The time limit of one collection and delivery, retries included; 30 seconds by default.
    pub timeout: Duration,
    /// The temporality that the sink prefers; cumulative by default.
    pub temporality: TemporalityPreference,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            timeout: Duration::from_secs(30),
            temporality: TemporalityPreference::Cumulative,
        }
    }
}

/// A handle to a sink that gets metrics at an interval. Dropping the last clone ends the pushes.
#[derive(Clone, Debug)]
pub struct Push {
    flushes: mpsc::UnboundedSender<Flush>,
}

/// The reply channel of a caller that waits for a delivery begun after its request.
type Flush = std_mpsc::SyncSender<Result<(), FlushError>>;

/// Errors of a flush.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// The delivery did not finish within the caller's time limit. The delivery continues in the background.
    #[error("metrics were not delivered within {0:?}")]
    TimedOut(Duration),
    /// The metrics were not delivered. They stay for the next push, unless the receiver has refused them for good or a
    /// size limit forbids another attempt.
    #[error("metrics were not delivered: {0}")]
    Failed(String),
    /// Telemetry is shut down: nothing is delivered any more.
    #[error("metrics are not delivered any more: telemetry is shut down")]
    Stopped,
}

impl Push {
    /// Starts to push on the private runtime; the first push comes after one interval.
    #[must_use]
    pub fn spawn(
        handle: &Handle,
        collector: Arc<Collector>,
        sink: Sink,
        options: PushOptions,
    ) -> Self {
        let (flushes, requests) = mpsc::unbounded_channel();
        let consumer = collector.register_push(options.temporality);
        let pusher = Pusher {
            collector,
            consumer,
            sink: Arc::new(sink),
            options,
            collecting: None,
            failed: 0,
        };
        handle.spawn(pusher.run(requests));
        Self { flushes }
    }

    /// Collects and delivers now, and waits for the delivery; any thread or runtime may call it.
    ///
    /// # Errors
    /// When it takes longer than `patience`, when the receiver does not take the metrics, and after a shutdown.
    pub fn flush(&self, patience: Duration) -> Result<(), FlushError> {
        let (done, delivered) = std_mpsc::sync_channel(1);
        self.flushes.send(done).map_err(|_| FlushError::Stopped)?;
        match delivered.recv_timeout(patience) {
            Ok(result) => result,
            Err(std_mpsc::RecvTimeoutError::Timeout) => Err(FlushError::TimedOut(patience)),
            Err(std_mpsc::RecvTimeoutError::Disconnected) => Err(FlushError::Stopped),
        }
    }
}

struct Pusher {
    collector: Arc<Collector>,
    consumer: ConsumerId,
    sink: Arc<Sink>,
    options: PushOptions,
    /// The collection under way, perhaps of an earlier push.
    collecting: Option<JoinHandle<Snapshot>>,
    /// The number of failed pushes in a row.
    failed: u64,
}

impl Pusher {
    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Flush>) {
        let period = self.options.interval.max(Duration::from_millis(1));
        let mut ticks = interval_at(TokioInstant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                _ = ticks.tick() => {}
                flush = requests.recv() => match flush {
                    Some(flush) => waiting.push(flush),
                    None => return,
                },
            }
            // The collection serves every request that came before its start.
            while let Ok(flush) = requests.try_recv() {
                waiting.push(flush);
            }
            let result = self.push().await;
            for flush in waiting {
                let _ = flush.try_send(result.clone());
            }
        }
    }

    /// Collects and delivers once. Data that was not delivered is not acknowledged and so stays, unless it must not be
    /// sent again.
    async fn push(&mut self) -> Result<(), FlushError> {
        let began = Instant::now();
        let (limit, sink) = (self.options.timeout, self.sink.clone());
        let work = async {
            match self.snapshot().await {
                Ok(snapshot) => sink
                    .deliver(snapshot)
                    .await
                    .map_err(|error| (join_messages(&error), fate_after(&error))),
                Err(panicked) => Err((panicked.to_string(), Fate::Kept)),
            }
        };
        match timeout(limit, work).await {
            Ok(Ok(delivered)) => {
                self.collector.acknowledge(self.consumer);
                self.report_success(&delivered);
                Ok(())
            }
            Ok(Err((problem, fate))) => {
                if fate == Fate::Dropped {
                    self.collector.acknowledge(self.consumer);
                }
                self.report_failure(&problem, fate);
                Err(FlushError::Failed(problem))
            }
            Err(_) => {
                let problem = format!("no delivery within {:?}", began.elapsed());
                self.report_failure(&problem, Fate::Kept);
                Err(FlushError::Failed(problem))
            }
        }
    }

    /// Collects, once the collection of an earlier push that took too long has ended.
    ///
    /// A second collection would wait for the first on one more thread. Deltas that an abandoned snapshot hands out
    /// late would be acknowledged with a delivery that does not have them.
    async fn snapshot(&mut self) -> Result<Snapshot, JoinError> {
        if let Some(earlier) = &mut self.collecting {
            let _ = earlier.await;
            self.collecting = None;
        }
        let (collector, consumer) = (self.collector.clone(), self.consumer);
        let collection = spawn_blocking(move || collector.snapshot(consumer));
        let snapshot = self.collecting.insert(collection).await;
        self.collecting = None;
        snapshot
    }

    fn report_success(&mut self, delivered: &Delivered) {
        if self.failed > 0 {
            tracing::info!(target: "runar_otel", sink = self.sink.name(), failed = self.failed, "metrics are delivered again");
        }
        self.failed = 0;
        if delivered.rejected > 0 {
            tracing::warn!(
                target: "runar_otel",
                rejected = delivered.rejected,
                reason = delivered.message,
                "the receiver rejected some data points, they are not sent again"
            );
        } else if !delivered.message.is_empty() {
            let message = &delivered.message;
            report::once(("partial success", message), || {
                format!("the metrics receiver warns: {message}")
            });
        }
    }

    /// Logs a failed push: one warning per outage, as the next push tries again, and an error for data that is dropped.
    fn report_failure(&mut self, problem: &str, fate: Fate) {
        self.failed += 1;
        if fate == Fate::Dropped {
            tracing::error!(target: "runar_otel", sink = self.sink.name(), problem, "metrics were refused for good");
        } else if self.failed == 1 {
            tracing::warn!(
                target: "runar_otel",
                sink = self.sink.name(),
                problem,
                "metrics were not delivered; nothing is lost, the next push tries again"
            );
        }
    }
}

/// The fate of data that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Dropped,
}

/// Returns the fate of data after an error.
fn fate_after(error: &ExportError) -> Fate {
    match error.is_final() {
        true => Fate::Dropped,
        false => Fate::Kept,
    }
}

/// Joins the messages of an error and of its sources.
fn join_messages(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        source = deeper.source();
    }
    text
}

impl fmt::Debug for Pusher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pusher")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
