//! What is recorded of every call that is over: its duration, and one call more.

use std::{sync::OnceLock, time::Duration};

use crate::{
    Counter, Histogram,
    duration::TimeUnit,
    handle::Handle,
    labels::{self, Labels},
    number::Value,
    provider::{self, NONE_YET},
};

/// How many label sets of a function have handles of their own at most. A power of two.
const MOST_BOUND: usize = 16;

/// Duration and number of the calls that ended in one way. Each is a metric of its own.
#[derive(Debug)]
pub(crate) struct Completion {
    duration: Histogram,
    unit: TimeUnit,
    completed: Option<Counter>,
    /// By the hash of the values. Who comes first stays: the labels of most functions have few values, and one more look-up
    /// per metric is what others cost.
    bound: OnceLock<Box<[OnceLock<Bound>; MOST_BOUND]>>,
}

/// The series of one label set.
#[derive(Debug)]
struct Bound {
    values: Box<[Box<str>]>,
    /// Of duration and number; `None` if there is no series with just these labels, which a view may forbid.
    handles: Option<(Handle, Option<Handle>)>,
}

impl Bound {
    fn is_of(&self, labels: Labels<'_>) -> bool {
        let mut pairs = self.values.iter().zip(labels);
        self.values.len() == labels.len() && pairs.all(|(known, (_, value))| **known == **value)
    }
}

impl Completion {
    pub(crate) fn new(duration: Histogram, completed: Option<Counter>) -> Self {
        Self {
            unit: duration.handle().time_unit(),
            duration,
            completed,
            bound: OnceLock::new(),
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
            self.record_with(took, labels);
        }
    }

    fn record_with(&self, took: Value, labels: Labels<'_>) {
        if let Some((duration, completed)) = self.bound(labels) {
            duration.observe(took);
            if let Some(completed) = completed {
                completed.record(Value::U64(1));
            }
            return;
        }
        self.duration.handle().record_with(took, labels);
        if let Some(completed) = &self.completed {
            completed.increment_with(labels);
        }
    }

    /// The handles of these labels, where everything goes to one provider.
    #[inline]
    fn bound(&self, labels: Labels<'_>) -> Option<&(Handle, Option<Handle>)> {
        if provider::sole() == NONE_YET {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        let at = labels::hash(labels) as usize & (MOST_BOUND - 1);
        let known = self.bound.get().and_then(|all| all.get(at)?.get());
        match known {
            Some(known) if known.is_of(labels) => known.handles.as_ref(),
            Some(_) => None,
            None => self.bind(at, labels),
        }
    }

    /// Not while initialising: what makes a series may report something, and the subscriber come back here.
    #[cold]
    fn bind(&self, at: usize, labels: Labels<'_>) -> Option<&(Handle, Option<Handle>)> {
        let completed = self.completed.as_ref().map(Counter::handle);
        let made = Bound {
            values: labels.iter().map(|(_, value)| (*value).into()).collect(),
            handles: match completed.map(|completed| completed.with(labels)) {
                Some(None) => None,
                completed => {
                    let duration = self.duration.handle().with(labels);
                    duration.map(|duration| (duration, completed.flatten()))
                }
            },
        };
        let all = self
            .bound
            .get_or_init(|| Box::new([const { OnceLock::new() }; MOST_BOUND]));
        let known = all.get(at)?.get_or_init(|| made);
        known.is_of(labels).then_some(known.handles.as_ref())?
    }
}
