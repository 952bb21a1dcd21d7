//! The handles of calls with one outcome: their duration, and their number.

use std::time::Duration;

use crate::{
    Counter, Histogram,
    binding::provider::{self, NONE_YET},
    instruments::handle::Handle,
    labels::{self, Labels},
    metric::{duration::TimeUnit, number::Value},
    threads::sync::OnceBox,
};

/// The most label sets of a function that have handles of their own. A power of two.
const MOST_BOUND: usize = 16;

/// The handles of duration and number of the calls with one outcome, each a metric of its own.
#[derive(Debug)]
pub(crate) struct OutcomeHandles {
    duration: Histogram,
    unit: TimeUnit,
    completed: Option<Counter>,
    /// Handles by the hash of the values. The first set with a hash stays: the labels of most functions have few
    /// values, and other sets cost one more look-up per metric (`tests/instructions`, *async call labels*).
    bound: OnceBox<[OnceBox<LabelSetHandles>; MOST_BOUND]>,
}

/// The handles of one label set.
#[derive(Debug)]
struct LabelSetHandles {
    values: Box<[Box<str>]>,
    /// The handles of duration and number; `None` if there is no series with just these labels, which a view may
    /// forbid.
    handles: Option<(Handle, Option<Handle>)>,
}

impl LabelSetHandles {
    fn is_of(&self, values: &[String]) -> bool {
        let mut pairs = self.values.iter().zip(values);
        self.values.len() == values.len() && pairs.all(|(known, value)| **known == **value)
    }
}

impl OutcomeHandles {
    pub(crate) fn new(duration: Histogram, completed: Option<Counter>) -> Self {
        Self {
            unit: duration.handle().time_unit(),
            duration,
            completed,
            bound: OnceBox::new(),
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
    pub(crate) fn record_end(&self, took: Duration, labels: Labels<'_>) {
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

    /// Records by the values of the labels that the function declares, if these have handles of their own; else returns
    /// false.
    #[inline]
    pub(crate) fn record_end_by_values(&self, took: Duration, values: &[String]) -> bool {
        let known = self
            .bound
            .get()
            .and_then(|all| all.get(slot(values))?.get());
        let Some((duration, completed)) = known
            .filter(|known| is_alone() && known.is_of(values))
            .and_then(|known| known.handles.as_ref())
        else {
            return false;
        };
        duration.observe(self.unit.value(took));
        if let Some(completed) = completed {
            completed.record(Value::U64(1));
        }
        true
    }

    /// Binds handles to the labels of a call, unless other labels have their place.
    pub(crate) fn bind(&self, values: &[String], labels: Labels<'_>) {
        let all = self
            .bound
            .get_or_init(|| Box::new([const { OnceBox::new() }; MOST_BOUND]));
        if let Some(free) = all.get(slot(values))
            && free.get().is_none()
            && is_alone()
        {
            // Not while initialising: what makes a series may report something, and the subscriber come back here.
            let made = self.make(values, labels);
            let _ = free.set(Box::new(made));
        }
    }

    #[cold]
    fn make(&self, values: &[String], labels: Labels<'_>) -> LabelSetHandles {
        let completed = self.completed.as_ref().map(Counter::handle);
        let handles = match completed.map(|completed| completed.with(labels)) {
            Some(None) => None,
            completed => {
                let duration = self.duration.handle().with(labels);
                duration.map(|duration| (duration, completed.flatten()))
            }
        };
        LabelSetHandles {
            values: values.iter().map(|value| value.as_str().into()).collect(),
            handles,
        }
    }
}

/// True if everything is recorded to one provider, that of the process.
#[inline]
fn is_alone() -> bool {
    provider::sole() != NONE_YET
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "masked")]
fn slot(values: &[String]) -> usize {
    labels::hash(values) as usize & (MOST_BOUND - 1)
}
