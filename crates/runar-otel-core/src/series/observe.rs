//! Observed streams: totals and last values that callbacks report.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use super::{
    cell::CellKind,
    delivery::CellValue as _,
    object::{Series, state},
    observed_state::{BeyondSet, ObservedState},
    stream::{LockedState, Stream},
    value::{Aggregate as _, Number},
};
use crate::{
    exemplar::{MeasuredLabels, Measurement},
    labels::{LabelSet, SortedLabels},
};

/// A total, and its increase since the last collection.
#[derive(Clone, Copy, Debug)]
struct Observation {
    total: Number,
    delta: Number,
}

impl Observation {
    /// Compares a total with the one before; after a reset the whole total is the increase.
    fn new(total: Number, before: Option<Number>, monotonic: bool) -> Self {
        let before = before.filter(|before| !is_reset(total, *before, monotonic));
        Self {
            total,
            delta: before.map_or(total, |before| total.minus(before)),
        }
    }
}

fn is_reset(total: Number, before: Number, monotonic: bool) -> bool {
    monotonic && total.is_less(before)
}

impl Stream {
    /// Takes over all values that the callbacks of a collection observed. Each set is there once, but for histograms,
    /// which count each value. Series that were not observed end.
    ///
    /// OpenTelemetry specification, metrics SDK: *Asynchronous instrument behavior in the SDK*.
    pub(crate) fn observe(&self, all: Vec<(LabelSet, Number)>, deltas: usize, time: SystemTime) {
        let Some(_alone) = self.lock_walks() else {
            return;
        };
        if !self.is_attached() {
            return;
        }
        if self.is_level() || self.is_observed() {
            self.end_unobserved(&all);
        }
        let mut known = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut beyond = Vec::new();
        for (labels, value) in all {
            let Some(series) = self.observed_series(&known, &labels) else {
                beyond.push((labels, value));
                continue;
            };
            self.observe_one(&series, value, deltas, known.before);
        }
        self.observe_beyond(&mut known, beyond, deltas);
        known.before = time;
    }

    /// The time at which the callbacks reported the current values.
    fn observed_at(&self) -> SystemTime {
        let known = self.observed.lock();
        known.unwrap_or_else(PoisonError::into_inner).before
    }

    /// The time of the points: values that callbacks reported are as old as their collection. The next life, and the
    /// next total after a reset, begins there.
    pub(super) fn time_of(&self, now: SystemTime) -> SystemTime {
        if self.rules.plan.kind.is_observable() {
            return self.observed_at();
        }
        now
    }

    /// Merges the observations of sets that a view makes equal, or of several instruments of one stream: sums add up,
    /// the last one of last values counts, a histogram counts each.
    ///
    /// OpenTelemetry specification, metrics SDK: *Asynchronous instrument, spatial re-aggregation*.
    pub(crate) fn merge(
        &self,
        into: &mut Vec<(LabelSet, Number)>,
        places: &mut HashMap<LabelSet, usize>,
        (labels, value): (LabelSet, Number),
    ) {
        let known = match self.is_level() || self.is_observed() {
            true => places.get(&labels).and_then(|place| into.get_mut(*place)),
            false => None,
        };
        match known {
            Some((_, known)) if self.is_observed() => known.absorb(&value, 0),
            Some((_, known)) => *known = value,
            None => {
                places.insert(labels.clone(), into.len());
                into.push((labels, value));
            }
        }
    }

    /// Offers an observed value that was entered to the reservoir of its series. The value has no span.
    pub(crate) fn offer_observed(
        &self,
        kept: &LabelSet,
        value: Number,
        origin: MeasuredLabels<'_>,
    ) {
        let sorted = SortedLabels::joined(kept, &[] as &[opentelemetry::KeyValue]);
        let own = {
            let inner = self.lock();
            let known = self.interner.known(&inner.members, sorted.as_slice());
            known.cloned()
        };
        let series = own.as_ref().or_else(|| self.overflow.get());
        if let Some(series) = series.filter(|series| series.is_live()) {
            let filter = self.rules.labels.as_ref();
            let measurement = Measurement::new(value.as_f64(), origin, filter, None);
            self.take_exemplar(series, &measurement.at(self.observed_at()));
        }
    }

    /// Returns the series of a set that has a place, or gets one. A set beyond the limit stays there as long as it is
    /// observed: in a series of its own the whole total would count as new.
    fn observed_series(&self, known: &ObservedState, labels: &LabelSet) -> Option<Arc<Series>> {
        if known.beyond.contains_key(labels) {
            return None;
        }
        let sorted = SortedLabels::joined(labels, &[] as &[opentelemetry::KeyValue]);
        let mut inner = self.lock();
        let own = self
            .interner
            .known(&inner.members, sorted.as_slice())
            .cloned();
        if own.is_some() {
            return own;
        }
        let observed = sorted.as_slice();
        self.add(&mut inner, observed, observed)
    }

    pub(super) fn is_overflow_series(&self, series: &Arc<Series>) -> bool {
        let overflow = self.overflow.get();
        overflow.is_some_and(|overflow| Arc::ptr_eq(overflow, series))
    }

    fn observe_one(&self, series: &Arc<Series>, value: Number, deltas: usize, before: SystemTime) {
        if !self.is_observed() {
            // A last value, or one of a histogram, which counts each observation.
            let _ = series.cell.update(&self.shape, value.bits());
            self.make_live(series, before);
            return;
        }
        let earlier = series.is_live().then(|| series.cell.number(&self.shape));
        let observation = Observation::new(value, earlier, self.is_monotonic());
        self.enter_total(series, observation, earlier, deltas, before);
    }

    /// Enters a total into its series.
    fn enter_total(
        &self,
        series: &Arc<Series>,
        observation: Observation,
        earlier: Option<Number>,
        deltas: usize,
        before: SystemTime,
    ) {
        let Observation { total, delta } = observation;
        series.cell.put(total.bits());
        let was_live = series.is_live();
        if earlier.is_some_and(|earlier| is_reset(total, earlier, self.is_monotonic())) {
            series.set_start(before);
        }
        self.make_live(series, before);
        if deltas == 0 && series.extras().is_none() {
            return;
        }
        let extras = series.make_extras(&self.shape);
        let mut deliveries = extras.lock();
        if let Some(delivery) = Number::delivery(&mut deliveries) {
            delivery.set_total(total);
            if was_live {
                delivery.add_to_windows(&delta, &self.shape);
            } else {
                // Windows of an earlier life continue with the whole total of the new one; missing windows begin with
                // it.
                delivery.add_to_windows(&total, &self.shape);
            }
            delivery.open_windows(deltas);
        }
    }

    fn make_live(&self, series: &Series, start: SystemTime) {
        let _inner = self.lock();
        if series.life() != state::LIVE {
            series.begin(start);
        }
    }

    fn is_monotonic(&self) -> bool {
        self.shape.kind == CellKind::Counter
    }

    /// Ends the series that the collection did not observe.
    fn end_unobserved(&self, all: &[(LabelSet, Number)]) {
        let observed: HashSet<&LabelSet> = all.iter().map(|(labels, _)| labels).collect();
        let members = self.lock().members.all();
        let gone: Vec<Arc<Series>> = members
            .iter()
            .filter(|series| series.is_live() && !observed.contains(series.labels()))
            .cloned()
            .collect();
        drop(members);
        if gone.is_empty() {
            return;
        }
        {
            let mut inner = self.lock();
            for series in gone {
                self.end_observed(&mut inner, &series);
            }
        }
        self.forget_unlinked();
    }

    /// Ends a series that callbacks observed, whose total was handed on with the observation.
    pub(super) fn end_observed(&self, inner: &mut LockedState, series: &Arc<Series>) {
        self.unlink(inner, series);
        if series
            .extras()
            .is_some_and(|extras| extras.lock().has_debt())
        {
            self.keep_departed(inner, series);
        }
    }

    /// Enters the sets beyond the limit: their sum is the overflow series, and the sum of their increases is its
    /// increase. The sum alone does not give the increase, because sets come and go.
    fn observe_beyond(
        &self,
        known: &mut ObservedState,
        mut sets: Vec<(LabelSet, Number)>,
        deltas: usize,
    ) {
        if sets.is_empty() {
            known.beyond.clear();
            let mut inner = self.lock();
            if let Some(overflow) = self.overflow.get().filter(|series| series.is_live())
                && (self.is_level() || self.is_observed())
            {
                overflow.set_life(state::ASLEEP);
                if overflow
                    .extras()
                    .is_some_and(|extras| extras.lock().has_debt())
                {
                    self.keep_departed(&mut inner, overflow);
                }
            }
            return;
        }
        if !self.is_observed() {
            let overflow = self.overflow_series().clone();
            for (_, value) in sets {
                let _ = overflow.cell.update(&self.shape, value.bits());
            }
            return self.make_live(&overflow, known.before);
        }
        sets.sort_by_key(|(labels, _)| known.beyond.get(labels).map_or(usize::MAX, |one| one.rank));
        let mut earlier = std::mem::take(&mut known.beyond);
        let mut sum: Option<Observation> = None;
        for (rank, (labels, total)) in sets.into_iter().enumerate() {
            let before = earlier.remove(&labels).map(|one| one.total);
            let observed = Observation::new(total, before, self.is_monotonic());
            sum = Some(match sum {
                None => observed,
                Some(sum) => Observation {
                    total: sum.total.plus(observed.total),
                    delta: sum.delta.plus(observed.delta),
                },
            });
            known.beyond.insert(labels, BeyondSet { total, rank });
        }
        if let Some(sum) = sum {
            let overflow = self.overflow_series().clone();
            let before = overflow
                .is_live()
                .then(|| overflow.cell.number(&self.shape));
            self.enter_total(&overflow, sum, before, deltas, known.before);
        }
    }
}
