//! Placing: the label sets of a stream that get a place.

use std::sync::atomic::Ordering;

use super::{
    object::Series,
    places::{NoPlace, process_is_full},
    stream::{LockedState, Stream},
};
use crate::{
    labels::{BaseLabelsRef, Label, LabelSet},
    metric::sharing::Sharing,
};

impl Stream {
    /// True if a label set takes a place; `given` are the labels that came with a measurement.
    pub(super) fn counts(&self, given: &[impl Label], labels: &[impl Label]) -> bool {
        let Sharing {
            bounded, made_up, ..
        } = self.rules.sharing;
        labels.iter().any(|label| !bounded.contains(&label.name()))
            || given.iter().any(|label| made_up.contains(&label.name()))
    }

    /// The labels of the function that a set counts for; none if the limit is that of the metric.
    fn function_of(&self, labels: &[impl Label]) -> LabelSet {
        let function = self.function_labels();
        if function.is_empty() {
            return LabelSet::empty();
        }
        let own = labels.iter().map(|label| (label.name(), label.value()));
        let own = own.filter(|(name, _)| function.contains(name));
        LabelSet::pack(&own.collect::<Vec<_>>())
    }

    /// The names of the labels that identify a function; none if a view limits the metric.
    fn function_labels(&self) -> &'static [&'static str] {
        match self.rules.limits_all {
            true => &[],
            false => self.rules.sharing.function,
        }
    }

    /// Takes a place for a label set.
    pub(super) fn take_place(
        &self,
        inner: &mut LockedState,
        labels: &[impl Label],
    ) -> Result<(), NoPlace> {
        let limit = self.rules.plan.limit;
        let taken = inner.places.take(self.function_of(labels), limit);
        let all = self.function_labels().is_empty();
        if let (true, Err(NoPlace::Limit(_))) = (all, &taken) {
            self.full.all.store(true, Ordering::Relaxed);
        }
        taken
    }

    /// Gives back the place of a series that leaves the table.
    pub(super) fn leave_place(&self, inner: &mut LockedState, series: &Series) {
        if series.give_up_place() {
            let labels: Vec<_> = series.labels().iter().collect();
            inner.places.give_back(&self.function_of(&labels));
            self.full.forget();
        }
    }

    /// True if there is no place for labels that were not found, as far as that is known without a lock.
    pub(super) fn is_full_for(
        &self,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        sorted: &[impl Label],
    ) -> bool {
        self.is_known_full(base, labels)
            && self.counts(labels, sorted)
            && self.interner.is_current()
    }

    fn is_known_full(&self, base: BaseLabelsRef<'_>, labels: &[impl Label]) -> bool {
        self.full.all.load(Ordering::Relaxed)
            || self.full.knows(base.start()) && self.names_no_function(labels)
            || process_is_full()
    }

    fn names_no_function(&self, labels: &[impl Label]) -> bool {
        let function = self.function_labels();
        !labels.iter().any(|label| function.contains(&label.name()))
    }

    /// Remembers that the function of a handle has no place left. Checked first, because the process may be the one
    /// without a place.
    pub(super) fn note_full(
        &self,
        inner: &LockedState,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        sorted: &[impl Label],
    ) {
        let shared = !self.function_labels().is_empty() && self.names_no_function(labels);
        let limit = self.rules.plan.limit;
        if shared && inner.places.taken_by(&self.function_of(sorted)) >= limit {
            self.full.remember(base.start());
        }
    }
}
