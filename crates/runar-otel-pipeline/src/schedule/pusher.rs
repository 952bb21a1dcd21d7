//! The pusher: one destination, and the one window that is on its way there.

use std::{
    collections::VecDeque,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use runar_otel_core::report;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant as TokioInstant, MissedTickBehavior, interval_at, timeout, timeout_at},
};
use tracing::Level;

use super::{
    FlushError, PushOptions, Sink,
    dropped::DropTally,
    failure::Failure,
    flush::Flush,
    leftover::{Leftover, encoded},
    outage::{Outage, Problem},
    sink::Refusal,
    window::Window,
};
use crate::{
    collect::Collector,
    export::{Delivered, FaultKind, Urgency},
    observe::{Lost, PartWatch, ReaderWatch},
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
const SMALLEST: usize = 2048;

/// The longest wait that a receiver may ask for, 10 min: its clock may be wrong.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

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
    /// Windows that were collected to be counted, and are not on their way yet.
    counted: VecDeque<Window>,
    /// The data points that were dropped in this push; `None` if none were.
    dropped: Option<DropTally>,
    /// The time of the last refusal for size; `None` while requests have their usual size.
    cut: Option<Instant>,
    /// True if the window was taken from the store in this push.
    fresh: bool,
    leftover: Leftover,
    /// The size at which requests are cut, in bytes: that of the options, or less if the receiver takes less.
    max_bytes: usize,
    /// The time before which the receiver wants no push; `None` without such a wish.
    not_before: Option<Instant>,
    /// True if a caller waits for the push.
    is_asked: bool,
    watch: PartWatch,
    reader: ReaderWatch,
    outage: Outage,
    /// The time of the last line about rejected points or a warning; `None` before the first.
    warned: Option<Instant>,
    urgency: watch::Receiver<Urgency>,
}

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
            is_asked: false,
            watch: PartWatch(sink.component(collector.observer())),
            reader: ReaderWatch::periodic(collector.observer()),
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
            counted: VecDeque::new(),
            dropped: None,
            cut: None,
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
            self.is_asked = !waiting.is_empty();
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
        let is_hasty = deadline < Instant::now() + self.options.timeout.mul_f64(0.9);
        let result = self.deliver_all(self.leftover.before(deadline)).await;
        let dropped = self.dropped.take().map(DropTally::log);
        let now = Instant::now();
        match result {
            Ok(()) => {
                if let Some(line) = self.outage.succeeded(now) {
                    report::log(Level::INFO, line);
                }
                dropped.map_or(Ok(()), |reason| Err(FlushError::Failed(reason)))
            }
            Err(Failure { problem, reason }) if self.is_last() => {
                let left = match self.keep(deadline).await {
                    Some(kept) => kept,
                    None => self.tell_lost().await,
                };
                if let Some(line) = self.outage.failed(problem, &reason, &left, now) {
                    report::log(Level::WARN, line);
                }
                Err(FlushError::Failed(format!("{reason}; {left}")))
            }
            // The caller had no more time: that says nothing of the destination.
            Err(Failure { problem, reason }) if is_hasty && problem.is_about_time() => {
                Err(FlushError::Failed(reason))
            }
            Err(Failure { problem, reason }) => {
                let consequence = match problem {
                    Problem::SlowCollection => "it is delivered when it has ended",
                    _ => "nothing is lost, the next push tries again",
                };
                if let Some(line) = self.outage.failed(problem, &reason, consequence, now) {
                    report::log(Level::WARN, line);
                }
                Err(FlushError::Failed(reason))
            }
        }
    }

    /// True if this is the flush with which the process ends: there is no next push.
    fn is_last(&self) -> bool {
        self.is_asked && *self.urgency.borrow() == Urgency::Last
    }

    /// Says how many data points no push will deliver: those of the window, and those that the store still has.
    async fn tell_lost(&mut self) -> String {
        let mut left = self.window.as_ref().map_or(0, Window::points);
        if self.keeps_windows() || left == 0 {
            let Ok(open) = self.collect(Instant::now() + COUNTING).await else {
                return format!("{left} data points and all since then are lost");
            };
            left += open.points() + self.counted.iter().map(Window::points).sum::<usize>();
            // Another caller may still wait for a delivery.
            self.counted.push_back(open);
        }
        format!("{left} data points are lost")
    }

    /// Delivers the window that an earlier push has left, and then a new one.
    async fn deliver_all(&mut self, deadline: Instant) -> Result<(), Failure> {
        self.fresh = false;
        if !self.keeps_windows() {
            self.window = None;
            self.counted.clear();
        }
        self.leftover.resend(&self.sink, deadline).await?;
        self.deliver_window(deadline).await?;
        while let Some(counted) = self.counted.pop_front() {
            self.window = Some(counted);
            self.deliver_window(deadline).await?;
        }
        self.window = Some(self.collect(deadline).await?);
        self.fresh = true;
        self.deliver_window(deadline).await?;
        self.try_larger();
        if !self.keeps_windows() {
            let (collector, consumer) = (self.collector.clone(), self.consumer);
            let _ = self
                .worker
                .run(move || collector.acknowledge(consumer))
                .await;
        }
        Ok(())
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
            for counted in std::mem::take(&mut self.counted) {
                requests.extend(encoded(counted, &self.sink, &self.worker).await);
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
        let (reader, keeps) = (self.reader.clone(), self.keeps_windows());
        let is_asked = self.is_asked;
        let collecting = self.collecting.get_or_insert_with(|| {
            self.worker.run(move || {
                let mut snapshot = reader.collection(|| collector.snapshot(consumer));
                if keeps && !is_asked && collector.observer().is_all_of(&snapshot) {
                    // A push of this alone would make the next one: it waits for others, unacknowledged.
                    snapshot.scopes.clear();
                } else if keeps {
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
        let points = match self.sink.takes_parts() {
            true => self.options.max_points,
            false => usize::MAX,
        };
        Ok(Window::new(snapshot, points, self.max_bytes))
    }

    /// Delivers the parts of the window in their order. A part that is delivered or dropped leaves the window.
    async fn deliver_window(&mut self, deadline: Instant) -> Result<(), Failure> {
        let watch = self.watch.clone();
        let mut flight = watch.flight(self.window.as_ref().map_or(0, Window::points));
        while let Some(window) = &mut self.window
            && let Some(part) = window.next().cloned()
        {
            let (sink, snapshot) = (self.sink.clone(), window.snapshot.clone());
            let points = part.points();
            let tally = &mut self.dropped;
            let mut lose = |window: &mut Window, why, reason: &str| {
                let tally = tally.get_or_insert_default();
                tally.add(points, window.next_name(), reason);
                watch.dropped(points, why);
                window.remove();
            };
            let encoding = self.worker.run(move || sink.encode(&snapshot, &part));
            let encoded = timeout_at(deadline.into(), encoding).await;
            let Ok(body) = encoded.map_err(|_| Failure::slow_delivery())? else {
                flight.lost(points, Lost::Encoding.name());
                lose(window, Lost::Encoding, "it cannot be encoded");
                continue;
            };
            let size = body.len();
            if size > self.max_bytes && window.halve() {
                watch.split();
                continue;
            }
            watch.sends(window.sends());
            let all = (&mut flight, points);
            match self.sink.send(body, all, deadline, &self.urgency).await {
                Ok(delivered) => {
                    window.remove();
                    note(&mut self.warned, &self.sink.destination(), &delivered);
                }
                // That is no matter of size: the data waits.
                Err(Refusal::TooLarge(reason)) if size <= SMALLEST => {
                    self.max_bytes = self.options.max_bytes;
                    let problem = Problem::Export(FaultKind::TooLarge);
                    return Err(Failure { problem, reason });
                }
                Err(Refusal::TooLarge(reason)) if points > 1 => {
                    window.halve();
                    watch.split();
                    self.cut_smaller(size, &reason);
                }
                Err(Refusal::TooLarge(reason)) => lose(window, Lost::Size, &reason),
                Err(Refusal::Final(reason)) => lose(window, Lost::BadData, &reason),
                Err(Refusal::Stuck { taken }) => {
                    if taken {
                        window.remove();
                    }
                    return Err(Failure::slow_delivery());
                }
                Err(Refusal::ForNow(failure, retry_after)) => {
                    return Err(self.hold_off(failure, retry_after));
                }
            }
        }
        self.window = None;
        Ok(())
    }

    /// Notes the wait that the receiver asks for, which the failure names.
    fn hold_off(&mut self, failure: Failure, retry_after: Option<Duration>) -> Failure {
        let wait = retry_after.map(|wait| wait.min(LONGEST_WAIT));
        self.not_before = wait.and_then(|wait| Instant::now().checked_add(wait));
        failure.and_wait(wait)
    }

    /// Cuts requests at half of the size that the receiver has refused.
    fn cut_smaller(&mut self, refused: usize, reason: &str) {
        self.max_bytes = (refused / 2).max(SMALLEST);
        let now = Instant::now();
        if self
            .cut
            .is_none_or(|last| now.duration_since(last) >= AGAIN)
        {
            report::log(
                Level::WARN,
                format!(
                    "{} refuses a request of {refused} bytes with metrics: {reason}; requests are cut until they fit",
                    self.sink.destination()
                ),
            );
        }
        self.cut = Some(now);
    }

    /// Tries larger requests again, ten minutes after the receiver has refused one.
    fn try_larger(&mut self) {
        if self.cut.is_some_and(|last| last.elapsed() >= AGAIN) {
            self.max_bytes = self.max_bytes.saturating_mul(2).min(self.options.max_bytes);
            self.cut = (self.max_bytes < self.options.max_bytes).then(Instant::now);
        }
    }
}

/// Returns the time at which a push ends: after the timeout, or when the last of the waiting callers gives up.
fn deadline(waiting: &[Flush], timeout: Duration) -> Instant {
    let now = Instant::now();
    let end = now.checked_add(timeout).unwrap_or(now);
    let asked = waiting.iter().map(|flush| flush.deadline).max();
    asked.map_or(end, |asked| asked.min(end))
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
    let line = match rejected {
        0 => format!("{destination} takes metrics, and warns: {message}"),
        _ => format!(
            "{destination} rejected {rejected} data points, they are not sent again: {message}"
        ),
    };
    report::log(Level::WARN, line);
}

impl fmt::Debug for Pusher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pusher")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
