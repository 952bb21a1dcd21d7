//! What is recorded of every call that is over: its duration, and one call more.

use std::time::Duration;

use crate::{Counter, Histogram, duration::TimeUnit, handle::Handle, labels::Labels};

/// Duration and number of the calls that ended in one way. Each is a metric of its own.
#[derive(Debug)]
pub(crate) struct Completion {
    duration: Histogram,
    unit: TimeUnit,
    completed: Option<Counter>,
}

impl Completion {
    pub(crate) fn new(duration: Histogram, completed: Option<Counter>) -> Self {
        Self {
            unit: duration.handle().time_unit(),
            duration,
            completed,
        }
    }

    pub(crate) fn counter(&self) -> Option<&Counter> {
        self.completed.as_ref()
    }

    pub(crate) fn handles(&self) -> [Option<&Handle>; 2] {
        let completed = self.completed.as_ref().map(Counter::handle);
        [Some(self.duration.handle()), completed]
    }

    #[inline]
    pub(crate) fn record(&self, took: Duration, labels: Labels<'_>) {
        let took = self.unit.value(took);
        if labels.is_empty() {
            self.duration.handle().observe(took);
            if let Some(completed) = &self.completed {
                completed.increment();
            }
        } else {
            self.duration.handle().record_with(took, labels);
            if let Some(completed) = &self.completed {
                completed.increment_with(labels);
            }
        }
    }
}
