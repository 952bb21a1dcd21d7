//! Spans in the spill: they go before newer ones, and take in what is not delivered.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use runar_otel_pipeline::{
    export::{ExportError, FaultKind, OtlpExporter, Patience, Urgency},
    schedule::Problem,
    spill::{Request, Spill, Verdict},
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, watch},
    time::{sleep, timeout},
};

/// The time that a batch may take while the receiver is away, 1 s: the queue of the processor fills up meanwhile. A fifth of
/// it when the process ends.
const QUICK: Duration = Duration::from_secs(1);

/// The time that a batch waits for another export from the spill while the process runs on, 100 ms.
const TURN: Duration = Duration::from_millis(100);

/// The time between two looks into the spill, 5 s.
const AGAIN: Duration = Duration::from_secs(5);

/// The time of an export that is left for the spill, 250 ms, or a quarter of it if that is less.
const RESERVE: Duration = Duration::from_millis(250);

/// The spill of spans, and the way out of it.
#[derive(Debug)]
pub(crate) struct SpilledSpans {
    spill: Spill,
    exporter: Arc<OtlpExporter>,
    timeout: Duration,
    /// Held by the one who sends from the spill.
    turn: Mutex<()>,
    /// True if the last export has failed. A hint: nothing else is read by its order.
    away: AtomicBool,
}

/// The state of the receiver, as the last export found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    There,
    Away,
}

/// The reason why spans were not sent.
#[derive(Debug)]
pub(crate) struct Unsent {
    pub(crate) problem: Problem,
    pub(crate) reason: String,
}

impl Unsent {
    pub(crate) fn of(error: &ExportError) -> Self {
        Self {
            problem: Problem::Export(error.kind()),
            reason: error.chain(),
        }
    }

    pub(crate) fn last_call() -> Self {
        Self {
            problem: Problem::Export(FaultKind::Timeout),
            reason: "the process ends before the receiver answers".to_owned(),
        }
    }

    fn behind() -> Self {
        Self {
            problem: Problem::SlowDelivery,
            reason: "earlier spans are still on their way".to_owned(),
        }
    }
}

impl SpilledSpans {
    /// Begins to send what earlier processes have left.
    pub(crate) fn start(
        spill: Spill,
        exporter: Arc<OtlpExporter>,
        timeout: Duration,
        runtime: &Handle,
    ) -> Arc<Self> {
        let spilled = Arc::new(Self {
            spill,
            exporter,
            timeout,
            turn: Mutex::new(()),
            away: AtomicBool::new(false),
        });
        runtime.spawn(look_again(Arc::downgrade(&spilled)));
        spilled
    }

    pub(crate) fn note(&self, receiver: Receiver) {
        self.away
            .store(receiver == Receiver::Away, Ordering::Relaxed);
    }

    /// Returns the time that a batch may take.
    pub(crate) fn patience(&self) -> Duration {
        let longest = self.timeout.saturating_sub(RESERVE.min(self.timeout / 4));
        match (self.away.load(Ordering::Relaxed), self.ends()) {
            (true, true) => longest.min(QUICK / 5),
            (true, false) => longest.min(QUICK),
            (false, _) => longest,
        }
    }

    /// Returns the patience of an export that ends at this time. While the receiver is away and there is no connection,
    /// one attempt is all.
    pub(crate) fn until(&self, end: Instant) -> Patience {
        Patience {
            total: end.saturating_duration_since(Instant::now()),
            urgency: match self.away.load(Ordering::Relaxed) {
                true => watch::channel(Urgency::Last).1,
                false => self.spill.urgency(),
            },
        }
    }

    /// Waits for the time at which an export has to give up because the process ends.
    pub(crate) async fn last_call(&self) {
        self.spill.last_call().await;
    }

    /// Sends what is in the spill, the oldest first.
    ///
    /// # Errors
    /// When something is left in it at this time.
    pub(crate) async fn resend(&self, end: Instant) -> Result<(), Unsent> {
        if self.spill.is_empty() {
            return Ok(());
        }
        let turn = match self.ends() {
            true => end.saturating_duration_since(Instant::now()),
            false => TURN,
        };
        let Ok(_turn) = timeout(turn, self.turn.lock()).await else {
            return Err(Unsent::behind());
        };
        while let Some((ticket, request)) = self.spill.first().await {
            if Instant::now() >= end {
                return Err(Unsent::behind());
            }
            let sent = self.exporter.export_within(request.body, self.until(end));
            let verdict = match sent.await {
                Ok(_) => Verdict::Delivered,
                Err(error) if is_refused(&error) => Verdict::Refused(error.chain()),
                Err(error) => Verdict::Kept(Unsent::of(&error)),
            };
            self.spill.settle(ticket, verdict).await?;
        }
        Ok(())
    }

    /// Keeps spans that were not sent. Returns the consequence in words.
    pub(crate) async fn keep(&self, requests: Vec<Request>) -> String {
        let deadline = Instant::now() + RESERVE.max(self.timeout / 4);
        self.spill.keep(requests, deadline).await
    }

    fn ends(&self) -> bool {
        *self.spill.urgency().borrow() == Urgency::Last
    }
}

/// True if the receiver never takes the request.
fn is_refused(error: &ExportError) -> bool {
    error.is_final() || matches!(error, ExportError::TooLarge { .. })
}

/// Sends what is in the spill, at once and again while the exporter lives.
async fn look_again(spilled: Weak<SpilledSpans>) {
    while let Some(spilled) = spilled.upgrade() {
        let end = Instant::now() + spilled.timeout;
        // A failure shows at the next batch.
        let sent = spilled.resend(end).await;
        if let Err(Unsent {
            problem: Problem::Export(_),
            ..
        }) = sent
        {
            spilled.note(Receiver::Away);
        }
        drop(spilled);
        sleep(AGAIN).await;
    }
}
