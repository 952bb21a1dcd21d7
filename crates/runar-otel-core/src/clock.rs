//! The clock that durations are measured with.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{isolated, ticks};

/// Now: the system's clock, or that of the isolated recorder that is current.
#[inline]
#[must_use]
pub fn now() -> Instant {
    if isolated::in_use() {
        isolated_now()
    } else {
        Instant::now()
    }
}

#[cold]
fn isolated_now() -> Instant {
    isolated::current().map_or_else(Instant::now, |isolated| isolated.clock().now())
}

/// Has durations measured with the system's clock only, from the first one on: to be called before telemetry is
/// installed.
///
/// Without it, where Linux itself takes its time from the processor's counter, that is read directly: two readings then
/// take 33 ns instead of 50. What that may cost: durations are off by up to some 25 millionths, and are wrong where
/// the counter changes its pace while a process runs (the kernel notices that, this does not).
pub fn keep_to_the_system() {
    ticks::refuse();
}

/// When something began that is to be measured.
///
/// By the processor's counter where that can be trusted: two readings of the clock are most of what a short call costs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    Ticks(u64),
    At(Instant),
}

impl Start {
    #[inline]
    pub(crate) fn now() -> Self {
        match ticks::clock() {
            Some(clock) if !isolated::in_use() => Self::Ticks(clock.raw()),
            _ => Self::At(now()),
        }
    }

    /// How long it took until now. To be asked in the recorder in which it began.
    #[inline]
    pub(crate) fn elapsed(self) -> Duration {
        match (self, ticks::clock()) {
            (Self::Ticks(start), Some(clock)) => clock.delta(start, clock.raw()),
            (Self::At(start), _) => now().saturating_duration_since(start),
            // Ticks are from a clock that is there.
            (Self::Ticks(_), None) => Duration::ZERO,
        }
    }
}

/// What an isolated recorder measures durations with.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Instant::now)
    }

    /// A clock that stands still until it is told to go on.
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

    fn now(&self) -> Instant {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clock")
    }
}

/// Moves a manual clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Instant,
    /// Nanoseconds. Relaxed: the value stands for itself.
    passed: Arc<AtomicU64>,
}

impl ManualClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.passed.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.passed.load(Ordering::Relaxed))
    }
}
