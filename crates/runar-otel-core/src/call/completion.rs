//! What is recorded of every call that is over: how long it took, and one call more.

use std::time::Duration;

use crate::{
    Counter, Histogram,
    duration::TimeUnit,
    gate::{BoundSeries, is_collecting},
    handle::{Handle, Labels},
    late::{Late, Make},
    number::Value,
    provider::{self, PROCESS},
};

/// Duration and number of the calls that ended in one way.
///
/// Each is a metric of its own. Where nothing speaks against it they are recorded as one measurement.
#[derive(Debug)]
pub(crate) struct Completion {
    duration: Histogram,
    unit: TimeUnit,
    completed: Option<Counter>,
    /// Both of them, in the provider that everything goes to. Nothing where they cannot be joined.
    joined: Late<BoundSeries>,
}

impl Completion {
    pub(crate) fn new(duration: Histogram, completed: Option<Counter>) -> Self {
        Self {
            unit: duration.handle().time_unit(),
            duration,
            completed,
            joined: Late::default(),
        }
    }

    pub(crate) fn counter(&self) -> Option<&Counter> {
        self.completed.as_ref()
    }

    #[inline]
    pub(crate) fn record(&self, took: Duration, labels: Labels<'_>) {
        if !labels.is_empty() {
            return self.record_with(took, labels);
        }
        let took = self.unit.value(took);
        match self.joined.at_hand() {
            Some(Some(joined)) => joined.record(took),
            Some(None) => self.record_each(took),
            None => self.record_first(took),
        }
    }

    fn record_with(&self, took: Duration, labels: Labels<'_>) {
        self.duration.observe_duration_with(took, labels);
        if let Some(completed) = &self.completed {
            completed.increment_with(labels);
        }
    }

    fn record_each(&self, took: Value) {
        self.duration.handle().record(took);
        if let Some(completed) = &self.completed {
            completed.increment();
        }
    }

    /// Joins them once it is known what there is of both.
    #[cold]
    fn record_first(&self, took: Value) {
        self.record_each(took);
        // What joins is made where anything is bound: not under the locks of a collection.
        if is_collecting() {
            return;
        }
        self.joined.with(&PROCESS, |_| self.join(), |_| ());
    }

    /// Both must be of the provider for which they are joined: while that changes nothing is.
    fn join(&self) -> Make<BoundSeries> {
        if PROCESS.generation() != provider::sole() {
            return Make::NotNow;
        }
        let counter = self.completed.as_ref().map(Counter::handle);
        let duration = self.duration.handle().at_hand();
        match (duration, counter.map(Handle::at_hand)) {
            (None, _) | (_, Some(None)) => Make::NotNow,
            (Some(Some(duration)), Some(Some(Some(completed)))) => duration
                .with_count(completed)
                .map_or(Make::Nothing, Make::Made),
            _ => Make::Nothing,
        }
    }
}
