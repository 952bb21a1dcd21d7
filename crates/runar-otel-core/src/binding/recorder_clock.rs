//! Clocks of isolated recorders.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The clock with which an isolated recorder measures durations.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Instant::now)
    }

    /// A clock that stands still until it is set forward by hand.
    #[must_use]
    pub fn manual() -> (Self, ManualClock) {
        let manual = ManualClock {
            start: Instant::now(),
            passed: Arc::default(),
        };
        let clock = manual.clone();
        (Self::of(move || clock.now()), manual)
    }

    /// Any other clock, for instance that of a paused Tokio runtime.
    #[must_use]
    pub fn of(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Instant {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clock")
    }
}

/// The control of a manual clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Instant,
    /// Nanoseconds passed. Relaxed: no other memory depends on the value.
    passed: Arc<AtomicU64>,
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.passed.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The time that the clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.passed.load(Ordering::Relaxed))
    }
}
