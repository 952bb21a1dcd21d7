//! The pusher: one destination, and the one window that is on its way there.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant as TokioInstant, MissedTickBehavior, interval_at, timeout, timeout_at},
};

use super::{
    FlushError, PushOptions, Sink,
    failure::Failure,
    flush::Flush,
    leftover::{Leftover, encoded},
    outage::Outage,
    sink::Refusal,
    window::Window,
};
use crate::{
    collect::Collector,
    export::{Delivered, Urgency},
    snapshot::Snapshot,
    spill::Spill,
    store::{ConsumerId, TemporalityPreference},
    worker::{Pending, Worker},
};

/// The least time between two lines about rejected points or warnings of a receiver, 10 min.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// The time that the end of a process may take to count what is lost, 40 ms.
const COUNTING: Duration = Duration::from_millis(40);

/// The least size at which requests are cut, in bytes.
const SMALLEST: usize = 1024;

/// A destination, and the window that is on its way there.
///
/// With deltas a window that was taken from the store stays as it is until it is delivered; what is measured meanwhile
/// gathers in the store, as the adjacent window. With totals a new snapshot takes the place of one that was not delivered.
pub(super) struct Pusher {
    collector: Arc<Collector>,
    consumer: ConsumerId,
    sink: Arc<Sink>,
    options: PushOptions,
    /// Collects and encodes, so that a callback that takes long holds up this destination alone.
    worker: Worker,
    /// The collection under way, perhaps of an earlier push.
    collecting: Option<Pending<Snapshot>>,
    /// The window that is not delivered yet; `None` if all was.
    window: Option<Window>,
    /// True if the window was taken from the store in this push.
    fresh: bool,
    leftover: Leftover,
    /// The size at which requests are cut, in bytes: that of the options, or less if the receiver takes less.
    max_bytes: usize,
    /// The time before which the receiver wants no push; `None` without such a wish.
    not_before: Option<Instant>,
    outage: Outage,
    /// The time of the last line about rejected points or a warning; `None` before the first.
    warned: Option<Instant>,
    urgency: watch::Receiver<Urgency>,
}

/// The reason why data points were dropped; `None` if none were.
type Dropped = Option<String>;

impl Pusher {
    pub(super) fn new(
        collector: Arc<Collector>,
        sink: Sink,
        options: PushOptions,
        urgency: watch::Receiver<Urgency>,
        spill: Option<Spill>,
    ) -> Self {
        Self {
            consumer: collector.register_push(options.temporality),
            collector,
            outage: Outage::new("metrics", sink.destination(), sink.advice()),
            max_bytes: match sink.takes_parts() {
                true => options.max_bytes,
                false => usize::MAX,
            },
            sink: Arc::new(sink),
            options,
            worker: Worker::new("runar-otel-push"),
            collecting: None,
            window: None,
            fresh: false,
            leftover: Leftover::new(spill, urgency.clone()),
            not_before: None,
            warned: None,
            urgency,
        }
    }

    pub(super) async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Flush>) {
        let period = self.options.interval.max(Duration::from_millis(1));
        let mut ticks = interval_at(TokioInstant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (leftover, longest) = (&self.leftover, self.options.timeout);
        let mut waiting = leftover.begin(&self.sink, longest, &mut requests).await;
        loop {
            tokio::select! {
                biased;
                () = std::future::ready(()), if !waiting.is_empty() => {}
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
            // The receiver's wish holds for the interval; a caller who waits has a reason.
            if waiting.is_empty() && self.not_before.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            let process_ends = self.leftover.end_of_process();
            let result = tokio::select! {
                result = self.push(deadline(&waiting, self.options.timeout)) => result,
                () = process_ends, if waiting.is_empty() => continue,
            };
            for flush in waiting.drain(..) {
                let _ = flush.reply.try_send(result.clone());
            }
        }
    }

    /// Collects and delivers until the deadline, and tells of failures.
    async fn push(&mut self, deadline: Instant) -> Result<(), FlushError> {
        self.not_before = None;
        let result = self.deliver_all(self.leftover.before(deadline)).await;
        let now = Instant::now();
        match result {
            Ok(dropped) => {
                if let Some(line) = self.outage.succeeded(now) {
                    tracing::info!(target: "runar_otel", "{line}");
                }
                dropped.map_or(Ok(()), |reason| Err(FlushError::Failed(reason)))
            }
            Err(Failure { problem, reason }) if self.is_last() => {
                let left = match self.keep(deadline).await {
                    Some(kept) => kept,
                    None => format!("{} data points are lost", self.count_undelivered().await),
                };
                if let Some(line) = self.outage.failed(problem, &reason, &left, now) {
                    tracing::warn!(target: "runar_otel", "{line}");
                }
                Err(FlushError::Failed(format!("{reason}; {left}")))
            }
            Err(Failure { problem, reason }) => {
                let consequence = "nothing is lost, the next push tries again";
                if let Some(line) = self.outage.failed(problem, &reason, consequence, now) {
                    tracing::warn!(target: "runar_otel", "{line}");
                }
                Err(FlushError::Failed(reason))
            }
        }
    }

    /// True if the process ends: there is no next push.
    fn is_last(&self) -> bool {
        *self.urgency.borrow() == Urgency::Last
    }

    /// Counts the data points that no push will deliver: those of the window, and those that the store still has.
    async fn count_undelivered(&mut self) -> usize {
        let left = self.window.as_ref().map_or(0, Window::points);
        if !self.keeps_windows() && left > 0 {
            return left;
        }
        let soon = Instant::now() + COUNTING;
        let open = self.collect(soon).await;
        left + open.map_or(0, |window| window.points())
    }

    /// Delivers the window that an earlier push has left, and then a new one.
    async fn deliver_all(&mut self, deadline: Instant) -> Result<Dropped, Failure> {
        self.fresh = false;
        if !self.keeps_windows() {
            self.window = None;
        }
        self.leftover.resend(&self.sink, deadline).await?;
        let earlier = self.deliver_window(deadline).await?;
        self.window = Some(self.collect(deadline).await?);
        self.fresh = true;
        let new = self.deliver_window(deadline).await?;
        if !self.keeps_windows() {
            let (collector, consumer) = (self.collector.clone(), self.consumer);
            let _ = self
                .worker
                .run(move || collector.acknowledge(consumer))
                .await;
        }
        Ok(earlier.or(new))
    }

    /// Keeps what is not delivered, if the process ends and there is a spill; returns the consequence in words.
    async fn keep(&mut self, deadline: Instant) -> Option<String> {
        if !self.leftover.is_kept() {
            return None;
        }
        let mut requests = Vec::new();
        let gathering = async {
            if let Some(window) = self.window.take() {
                requests.extend(encoded(window, &self.sink, &self.worker).await);
            }
            if !self.fresh
                && let Ok(open) = self.collect(deadline).await
            {
                requests.extend(encoded(open, &self.sink, &self.worker).await);
            }
        };
        let left = deadline.saturating_duration_since(Instant::now());
        // A collection that hangs leaves time for what was collected before.
        let _ = timeout(left / 2, gathering).await;
        if requests.is_empty() {
            return None;
        }
        self.leftover.keep(requests, deadline).await
    }

    /// True if a window that was not delivered has values that no later one has: if there are deltas.
    fn keeps_windows(&self) -> bool {
        self.options.temporality != TemporalityPreference::Cumulative
    }

    /// Collects, or takes the snapshot of an earlier collection that took too long.
    async fn collect(&mut self, deadline: Instant) -> Result<Window, Failure> {
        let (collector, consumer) = (self.collector.clone(), self.consumer);
        let keeps = self.keeps_windows();
        let collecting = self.collecting.get_or_insert_with(|| {
            self.worker.run(move || {
                let snapshot = collector.snapshot(consumer);
                if keeps {
                    // From here on the window has it.
                    collector.acknowledge(consumer);
                }
                snapshot
            })
        });
        let Ok(snapshot) = timeout_at(deadline.into(), collecting).await else {
            return Err(Failure::slow_collection());
        };
        self.collecting = None;
        let snapshot = snapshot.map_err(|_| Failure::panicked("the collection"))?;
        Ok(Window::new(
            snapshot,
            self.options.max_points,
            self.max_bytes,
        ))
    }

    /// Delivers the parts of the window in their order. A part that is delivered or dropped leaves the window.
    async fn deliver_window(&mut self, deadline: Instant) -> Result<Dropped, Failure> {
        let mut dropped = None;
        while let Some(window) = &mut self.window
            && let Some(part) = window.next().cloned()
        {
            let (sink, snapshot) = (self.sink.clone(), window.snapshot.clone());
            let (points, first) = (part.points(), part.first_point(&snapshot));
            let encoding = self.worker.run(move || sink.encode(&snapshot, &part));
            let encoded = timeout_at(deadline.into(), encoding).await;
            let Ok(body) = encoded.map_err(|_| Failure::slow_delivery())? else {
                window.remove();
                dropped = Some(told_dropped(points, &first, "it cannot be encoded"));
                continue;
            };
            let size = body.len();
            if size > self.max_bytes && window.halve() {
                continue;
            }
            match self.sink.send(body, deadline, &self.urgency).await {
                Ok(delivered) => {
                    window.remove();
                    note(&mut self.warned, &self.sink.destination(), &delivered);
                }
                Err(Refusal::TooLarge(reason)) if points > 1 => {
                    window.halve();
                    self.cut_smaller(size, &reason);
                }
                Err(Refusal::TooLarge(reason) | Refusal::Final(reason)) => {
                    window.remove();
                    dropped = Some(told_dropped(points, &first, &reason));
                }
                Err(Refusal::Stuck { taken }) => {
                    if taken {
                        window.remove();
                    }
                    return Err(Failure::slow_delivery());
                }
                Err(Refusal::ForNow(failure, retry_after)) => {
                    self.not_before = retry_after.and_then(|wait| Instant::now().checked_add(wait));
                    return Err(failure);
                }
            }
        }
        self.window = None;
        Ok(dropped)
    }

    /// Cuts requests at half of the size that the receiver has refused, from now on.
    fn cut_smaller(&mut self, refused: usize, reason: &str) {
        self.max_bytes = (refused / 2).max(SMALLEST);
        tracing::warn!(
            target: "runar_otel",
            "{} refuses a request of {refused} bytes with metrics: {reason}; requests are cut at {} bytes from now on",
            self.sink.destination(),
            self.max_bytes
        );
    }
}

/// Returns the time at which a push ends: after the timeout, or when the last of the waiting callers gives up.
fn deadline(waiting: &[Flush], timeout: Duration) -> Instant {
    let now = Instant::now();
    let end = now.checked_add(timeout).unwrap_or(now);
    let asked = waiting.iter().map(|flush| flush.deadline).max();
    asked.map_or(end, |asked| asked.min(end))
}

/// Logs that data points were dropped, and returns the reason.
fn told_dropped(points: usize, first: &str, reason: &str) -> String {
    let which = match points {
        1 => format!("the data point {first} is dropped"),
        _ => format!("{points} data points are dropped, the first one is {first}"),
    };
    tracing::error!(target: "runar_otel", "{which}: {reason}");
    format!("{which}: {reason}")
}

/// Logs what a receiver says of data that it has taken, every ten minutes at the most: its words are no key.
fn note(warned: &mut Option<Instant>, destination: &str, delivered: &Delivered) {
    if delivered.rejected == 0 && delivered.message.is_empty() {
        return;
    }
    if warned.is_some_and(|last| last.elapsed() < AGAIN) {
        return;
    }
    *warned = Some(Instant::now());
    let Delivered { rejected, message } = delivered;
    match rejected {
        0 => {
            tracing::warn!(target: "runar_otel", "{destination} takes metrics, and warns: {message}");
        }
        _ => tracing::warn!(
            target: "runar_otel",
            "{destination} rejected {rejected} data points, they are not sent again: {message}"
        ),
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pusher")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
