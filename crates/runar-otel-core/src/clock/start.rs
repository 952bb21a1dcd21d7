//! The time of the current recorder.

use std::time::{Duration, Instant};

use super::ticks;
use crate::binding::{isolated_recorder, provider};

/// Returns the current time: of the system's clock, or of the isolated recorder that is current.
#[inline]
#[must_use]
pub fn now() -> Instant {
    if provider::has_isolated() {
        isolated_now()
    } else {
        Instant::now()
    }
}

#[cold]
fn isolated_now() -> Instant {
    isolated_recorder::current().map_or_else(Instant::now, |isolated| isolated.clock().now())
}

/// Measures durations with the system's clock only, from the first one on: to be called before telemetry is installed.
///
/// Without it, where Linux itself takes its time from the processor's counter, that is read directly: two readings then
/// take 33 ns instead of 50. What that may cost: durations are off by up to some 25 millionths, and are wrong where
/// the counter changes its pace while a process runs (the kernel notices that, this does not).
pub fn keep_to_the_system() {
    ticks::refuse();
}

/// The start of a measurement.
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
            Some(clock) if !provider::has_isolated() => Self::Ticks(clock.raw()),
            _ => Self::At(now()),
        }
    }

    /// Returns the time since the start. To be called in the recorder in which the measurement began.
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
