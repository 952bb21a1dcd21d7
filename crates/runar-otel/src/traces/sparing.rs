//! Rate limit for log lines of the OpenTelemetry crates: each once a minute.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use tracing::{Event, Metadata, callsite::Identifier, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};

use crate::traces::visibility::is_internal;

/// The time during which the line of a callsite is not repeated, 60 s.
const PAUSE: Duration = Duration::from_secs(60);

/// The line of the SDK for each batch of spans that was not exported: our exporter tells of the outage itself.
const TOLD_BY_US: &str = "BatchSpanProcessor.ExportError";

/// A filter that lets each kind of line of the OpenTelemetry crates pass once a minute.
///
/// These crates report every failed export, every few seconds: without a Collector they would flood the log. All other
/// lines pass.
#[derive(Debug, Default)]
pub(crate) struct Sparing {
    passed: Mutex<HashMap<Identifier, Instant>>,
}

impl Sparing {
    /// True if a line passes. False while another thread holds the lock, so that logging never waits.
    fn passes(&self, callsite: Identifier, now: Instant) -> bool {
        let Ok(mut passed) = self.passed.try_lock() else {
            return false;
        };
        let last = passed.get(&callsite);
        let due = last.is_none_or(|last| now.saturating_duration_since(*last) >= PAUSE);
        if due {
            passed.insert(callsite, now);
        }
        due
    }
}

impl<S> Filter<S> for Sparing {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    /// Accepts every callsite: only events are filtered, one by one. The verdicts of other filters on the callsite
    /// hold.
    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let passes =
            || metadata.name() != TOLD_BY_US && self.passes(metadata.callsite(), Instant::now());
        !is_internal(metadata) || passes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A callsite per call of the macro.
    macro_rules! callsite {
        () => {{
            let span = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
                tracing::info_span!("callsite")
            });
            span.metadata().unwrap().callsite()
        }};
    }

    #[test]
    fn line_passes_again_after_the_pause() {
        let sparing = Sparing::default();
        let (one, other) = (callsite!(), callsite!());
        let start = Instant::now();
        assert!(sparing.passes(one.clone(), start));
        assert!(!sparing.passes(one.clone(), start + PAUSE / 2));
        assert!(sparing.passes(other, start + PAUSE / 2));
        assert!(sparing.passes(one, start + PAUSE));
    }
}
