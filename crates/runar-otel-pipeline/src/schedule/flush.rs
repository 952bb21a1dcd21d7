//! Flushes: callers that wait for a delivery.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

/// A caller that waits for a delivery begun after its request.
#[derive(Debug)]
pub(super) struct Flush {
    /// The time at which the caller stops waiting.
    pub(super) deadline: Instant,
    pub(super) reply: mpsc::SyncSender<Result<(), FlushError>>,
}

/// A flush under way.
#[derive(Debug)]
pub struct PendingFlush {
    patience: Duration,
    deadline: Instant,
    /// The reply; `None` if there is nobody to give one.
    reply: Option<mpsc::Receiver<Result<(), FlushError>>>,
}

/// Errors of a flush.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// The delivery did not finish within the caller's time limit. The delivery continues in the background.
    #[error("metrics were not delivered within {0:?}")]
    TimedOut(Duration),
    /// Metrics were not delivered. They stay for the next push, unless the receiver has refused them for good.
    #[error("metrics were not delivered: {0}")]
    Failed(String),
    /// Telemetry is shut down: nothing is delivered any more.
    #[error("metrics are not delivered any more: telemetry is shut down")]
    Stopped,
}

/// The time that a delivery is given to answer beyond its deadline, 50 ms: it ends with its reason by then.
const GRACE: Duration = Duration::from_millis(50);

/// The longest time that a caller waits, 24 h.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Flush {
    /// Makes the flush of a caller with this patience, and what the caller waits for.
    pub(super) fn new(patience: Duration) -> (Self, PendingFlush) {
        let now = Instant::now();
        // A deadline further away may not fit the clock.
        let deadline = now.checked_add(patience).unwrap_or(now + LONGEST);
        let (sender, reply) = mpsc::sync_channel(1);
        let pending = PendingFlush {
            patience,
            deadline,
            reply: Some(reply),
        };
        let reply = sender;
        (Self { deadline, reply }, pending)
    }
}

impl PendingFlush {
    /// Makes the flush of a push that has ended.
    pub(super) fn stopped() -> Self {
        Self {
            patience: Duration::ZERO,
            deadline: Instant::now(),
            reply: None,
        }
    }

    /// Waits for the delivery.
    ///
    /// # Errors
    /// When it takes longer than the patience, when the receiver does not take the metrics, and after a shutdown.
    pub fn wait(self) -> Result<(), FlushError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Some(reply) = self.reply else {
            return Err(FlushError::Stopped);
        };
        match reply.recv_timeout(left.saturating_add(GRACE)) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(FlushError::TimedOut(self.patience)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(FlushError::Stopped),
        }
    }
}
