//! The handles of one family, bound ahead: a call that ends needs no look-up.

use std::{borrow::Cow, time::Duration};

use super::{
    family::{Family, Row},
    outcome_handles::OutcomeHandles,
};
use crate::outcome::verdict::OTHER;
use crate::{
    Counter, Gauge, Histogram, exemplar::run_outside_of_spans, labels::Labels, series::ActiveCall,
};

/// The error type of a panic.
pub(crate) const PANIC: &str = "panic";

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallEnd {
    Ok,
    Error(&'static str),
    Panic,
    Cancelled,
}

impl CallEnd {
    /// The value of the label `outcome`.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error(_) => "error",
            Self::Panic => PANIC,
            Self::Cancelled => "cancelled",
        }
    }

    /// The value of the label `error_type`; `None` if the call spends no error budget, as when the caller went away.
    pub(crate) fn error_type(&self) -> Option<&'static str> {
        match self {
            Self::Error(kind) => Some(kind),
            Self::Panic => Some(PANIC),
            Self::Ok | Self::Cancelled => None,
        }
    }
}

/// A handle for each outcome.
#[derive(Debug)]
struct PerOutcome<T> {
    ok: T,
    error: T,
    panic: T,
    cancelled: T,
}

impl<T> PerOutcome<T> {
    fn new(make: impl Fn(&'static str) -> T) -> Self {
        Self {
            ok: make(CallEnd::Ok.outcome()),
            error: make(CallEnd::Error(OTHER).outcome()),
            panic: make(CallEnd::Panic.outcome()),
            cancelled: make(CallEnd::Cancelled.outcome()),
        }
    }

    #[inline]
    fn of(&self, end: &CallEnd) -> &T {
        match end {
            CallEnd::Ok => &self.ok,
            CallEnd::Error(_) => &self.error,
            CallEnd::Panic => &self.panic,
            CallEnd::Cancelled => &self.cancelled,
        }
    }

    fn all(&self) -> [&T; 4] {
        [&self.ok, &self.error, &self.panic, &self.cancelled]
    }
}

/// The metrics of a family with their fixed labels.
#[derive(Debug)]
pub(crate) struct FamilyHandles {
    entered: Option<Counter>,
    completed: PerOutcome<OutcomeHandles>,
    active: Option<Gauge>,
    panicked: Counter,
    /// Counter without `error_type`: for types that nobody declared.
    failed: Counter,
    /// True if calls have labels of their own: then no label set is known ahead.
    labelled: bool,
}

/// The error counters of the declared error types.
#[derive(Debug, Default)]
pub(crate) struct ErrorCounters(Vec<(&'static str, Counter)>);

/// Fixed labels of a family.
pub(crate) type FixedLabels<'a> = &'a [(&'static str, Cow<'a, str>)];

impl FamilyHandles {
    pub(crate) fn new(family: &Family, fixed: FixedLabels<'_>) -> Self {
        let rows = family.group.rows();
        let completion = |outcome| {
            let counter = |row| counter(family, &row, fixed, Some(("outcome", outcome)));
            OutcomeHandles::new(
                histogram(family, &rows.duration, fixed, outcome),
                rows.completed.map(counter),
            )
        };
        Self {
            entered: rows.entered.map(|row| counter(family, &row, fixed, None)),
            completed: PerOutcome::new(completion),
            active: rows.active.map(|row| gauge(family, &row, fixed)),
            panicked: counter(family, &rows.failed, fixed, Some(("error_type", PANIC))),
            failed: counter(family, &rows.failed, fixed, None),
            labelled: !family.labels.is_empty(),
        }
    }

    /// Counts a call that begins.
    #[inline]
    pub(crate) fn begin_active(&self) -> ActiveCall {
        if let Some(entered) = &self.entered {
            entered.increment();
        }
        match &self.active {
            Some(active) => active.handle().begin(),
            None => ActiveCall::default(),
        }
    }

    /// Counts a call off that is no longer under way.
    #[inline]
    pub(crate) fn end_active(&self, place: ActiveCall) {
        if let Some(active) = &self.active {
            active.handle().end(place);
        }
    }

    /// Records the end of a call: duration, outcome and error.
    #[inline]
    pub(crate) fn record_end(
        &self,
        end: &CallEnd,
        took: Duration,
        errors: Option<&ErrorCounters>,
        labels: Labels<'_>,
    ) {
        self.completed.of(end).record_end(took, labels);
        match end {
            CallEnd::Ok | CallEnd::Cancelled => {}
            CallEnd::Panic => count(&self.panicked, labels),
            CallEnd::Error(kind) => match errors.and_then(|errors| errors.of(kind)) {
                Some(counter) => count(counter, labels),
                None => self.count_undeclared(kind, labels),
            },
        }
    }

    /// Records the end of a call with labels that did not fail, by the values alone; false if their series are not
    /// bound.
    #[inline]
    pub(crate) fn record_end_by_values(
        &self,
        end: &CallEnd,
        took: Duration,
        values: &[String],
    ) -> bool {
        is_bound(end) && self.completed.of(end).record_end_by_values(took, values)
    }

    /// Binds the series of the labels of a call.
    pub(crate) fn bind(&self, end: &CallEnd, values: &[String], labels: Labels<'_>) {
        if is_bound(end) {
            self.completed.of(end).bind(values, labels);
        }
    }

    /// Counts an error whose type nobody declared.
    fn count_undeclared(&self, kind: &'static str, labels: Labels<'_>) {
        if labels.is_empty() {
            return self.failed.increment_with(&[("error_type", kind)]);
        }
        let all: Vec<(&str, &str)> = labels
            .iter()
            .copied()
            .chain([("error_type", kind)])
            .collect();
        self.failed.increment_with(&all);
    }

    /// True if views drop all metrics of the family in the provider of this generation.
    pub(crate) fn is_dropped(&self, generation: u64) -> bool {
        let entered = self.entered.as_ref().map(Counter::handle);
        let active = self.active.as_ref().map(Gauge::handle);
        // One series of each metric: views distinguish metrics, not labels.
        let completed = self.completed.ok.handles();
        let others = [entered, active, Some(self.failed.handle())];
        let mut all = completed.into_iter().chain(others).flatten();
        all.all(|handle| handle.is_dropped(generation))
    }

    /// Shows the series whose labels are known ahead, before anything happens in them: `increase()` sees the first
    /// error only if there was a zero before it. The span of the first call has nothing to do with the zeros.
    pub(crate) fn begin_at_zero(&self) {
        run_outside_of_spans(|| self.add_zero());
    }

    fn add_zero(&self) {
        if let Some(entered) = &self.entered {
            entered.add(0);
        }
        if let Some(active) = &self.active {
            active.add(0.0);
        }
        if self.labelled {
            return;
        }
        let counters = self.completed.all().map(OutcomeHandles::counter);
        counters
            .into_iter()
            .flatten()
            .for_each(|counter| counter.add(0));
        self.panicked.add(0);
    }
}

impl ErrorCounters {
    /// Binds the error counters of a family.
    pub(crate) fn new(family: &Family, fixed: FixedLabels<'_>, types: &[&'static str]) -> Self {
        let row = family.group.rows().failed;
        let mut bound: Vec<(&'static str, Counter)> = Vec::with_capacity(types.len());
        for kind in types {
            if *kind != PANIC && bound.iter().all(|(known, _)| known != kind) {
                bound.push((
                    kind,
                    counter(family, &row, fixed, Some(("error_type", kind))),
                ));
            }
        }
        Self(bound)
    }

    /// The counter of a declared type.
    pub(crate) fn of(&self, kind: &'static str) -> Option<&Counter> {
        self.0
            .iter()
            .find(|(known, _)| std::ptr::eq(*known, kind) || *known == kind)
            .map(|(_, counter)| counter)
    }

    /// Shows the counters at zero, see [`FamilyHandles::begin_at_zero`].
    pub(crate) fn begin_at_zero(&self) {
        run_outside_of_spans(|| self.0.iter().for_each(|(_, counter)| counter.add(0)));
    }
}

/// True for outcomes whose series are found by the label values alone: a call that failed also counts its error.
#[inline]
fn is_bound(end: &CallEnd) -> bool {
    matches!(end, CallEnd::Ok | CallEnd::Cancelled)
}

#[inline]
fn count(counter: &Counter, labels: Labels<'_>) {
    if labels.is_empty() {
        counter.increment();
    } else {
        counter.increment_with(labels);
    }
}

fn counter(
    family: &Family,
    row: &Row,
    fixed: FixedLabels<'_>,
    last: Option<(&'static str, &'static str)>,
) -> Counter {
    let declared = Counter::new(family.name(row), row.description)
        .with_unit(row.unit)
        .shared(family.sharing(row));
    let with_fixed = fixed.iter().fold(declared, |builder, (name, value)| {
        builder.with_label(*name, value.as_ref())
    });
    let with_all = last.into_iter().fold(with_fixed, |builder, (name, value)| {
        builder.with_label(name, value)
    });
    with_all.register_at(family.at)
}

fn gauge(family: &Family, row: &Row, fixed: FixedLabels<'_>) -> Gauge {
    let declared = Gauge::new(family.name(row), row.description)
        .with_unit(row.unit)
        .shared(family.sharing(row))
        .of_whole_numbers();
    let labelled = fixed.iter().fold(declared, |builder, (name, value)| {
        builder.with_label(*name, value.as_ref())
    });
    labelled.register_at(family.at)
}

fn histogram(
    family: &Family,
    row: &Row,
    fixed: FixedLabels<'_>,
    outcome: &'static str,
) -> Histogram {
    let declared = Histogram::new(family.name(row), row.description)
        .with_unit(row.unit)
        .shared(family.sharing(row));
    let labelled = fixed.iter().fold(declared, |builder, (name, value)| {
        builder.with_label(*name, value.as_ref())
    });
    let labelled = labelled.with_label("outcome", outcome);
    match family.buckets {
        Some(bounds) => labelled.with_buckets_apart(bounds.to_vec()),
        None => labelled.with_default_buckets(),
    }
    .register_at(family.at)
}
