//! The reservoirs of one stream, one per series.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
};

use opentelemetry::KeyValue;

use super::{
    Exemplar, ExemplarFilter, ExemplarReservoir, FixedSizeReservoir, Measurement, Reservoir,
    filter::Verdict,
};
use crate::{
    attributes::{Attributes, canonical},
    gate::{labels::LabelFilter, stream::StreamPlan},
    report,
};

/// Takes the exemplars of one stream.
#[derive(Debug)]
pub(crate) struct ExemplarStorage {
    filter: ExemplarFilter,
    choice: Reservoir,
    /// Those that took something since the last but one freeze.
    series: RwLock<HashMap<Attributes, Arc<Series>>>,
}

/// The exemplars of one series.
struct Series {
    /// Set by every offer, cleared by every freeze: a series without offers in between is let go.
    touched: AtomicBool,
    /// `None` while it is let go. Changed only with the table of series locked for writing.
    reservoir: Mutex<Option<Box<dyn ExemplarReservoir>>>,
}

/// Keeps at hand what a bound series offers to, so that it need not be looked up.
#[derive(Debug, Default)]
pub(crate) struct ExemplarPlace(OnceLock<Arc<Series>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Offered {
    Done,
    /// The series is let go, or is not known.
    Nowhere,
}

impl std::fmt::Debug for Series {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Series")
            .field("touched", &self.touched)
            .finish_non_exhaustive()
    }
}

impl Series {
    /// A series that is let go.
    fn idle() -> Arc<Self> {
        Arc::new(Self {
            touched: AtomicBool::new(false),
            reservoir: Mutex::new(None),
        })
    }

    /// What others are busy with right now is left to them.
    fn try_lock(&self) -> Option<MutexGuard<'_, Option<Box<dyn ExemplarReservoir>>>> {
        match self.reservoir.try_lock() {
            Ok(reservoir) => Some(reservoir),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn offer(&self, plan: &StreamPlan, measurement: &Measurement<'_>) -> Offered {
        self.touched.store(true, Ordering::Relaxed);
        // Recording waits for nobody: while another thread offers, this candidate is let go.
        let Some(mut locked) = self.try_lock() else {
            return Offered::Done;
        };
        let Some(reservoir) = locked.as_mut() else {
            return Offered::Nowhere;
        };
        if catch_unwind(AssertUnwindSafe(|| reservoir.offer(measurement))).is_err() {
            drop(locked);
            report::once(("reservoir", &plan.name), || {
                format!(
                    "the exemplar reservoir of metric `{}` panicked in `offer`",
                    plan.name
                )
            });
        }
        Offered::Done
    }
}

impl ExemplarStorage {
    /// Builds the storage, `None` if this stream takes no exemplars.
    pub(crate) fn new(filter: ExemplarFilter, choice: Reservoir) -> Option<Self> {
        let none = filter == ExemplarFilter::AlwaysOff || matches!(choice, Reservoir::Off);
        (!none).then(|| Self {
            filter,
            choice,
            series: RwLock::default(),
        })
    }

    pub(crate) fn filter(&self) -> ExemplarFilter {
        self.filter
    }

    /// Offers a measurement that is already recorded.
    ///
    /// `attributes` are all of it, `kept` those of its data point.
    #[inline]
    pub(crate) fn offer(
        &self,
        plan: &StreamPlan,
        value: f64,
        attributes: &[KeyValue],
        kept: &[KeyValue],
        labels: Option<&LabelFilter>,
    ) {
        if let Verdict::Accepted(span) = self.filter.verdict() {
            let measurement = Measurement::new(value, attributes, labels, span);
            self.take(plan, kept, &measurement);
        }
    }

    /// Offers what a callback observed. No span is its own: the one that is active is that of whoever collects.
    pub(crate) fn offer_observed(
        &self,
        plan: &StreamPlan,
        value: f64,
        attributes: &[KeyValue],
        kept: &[KeyValue],
        labels: Option<&LabelFilter>,
    ) {
        if self.filter == ExemplarFilter::AlwaysOn {
            let measurement = Measurement::new(value, attributes, labels, None);
            self.take(plan, kept, &measurement);
        }
    }

    fn take(&self, plan: &StreamPlan, kept: &[KeyValue], measurement: &Measurement<'_>) {
        self.take_at(&ExemplarPlace::default(), plan, kept, measurement);
    }

    /// Takes a measurement of a bound series that the filter has accepted.
    pub(crate) fn take_at(
        &self,
        place: &ExemplarPlace,
        plan: &StreamPlan,
        kept: &[KeyValue],
        measurement: &Measurement<'_>,
    ) {
        if !measurement.value().is_finite() {
            return;
        }
        let offered = match place.0.get() {
            Some(series) => series.offer(plan, measurement),
            None => Offered::Nowhere,
        };
        if offered == Offered::Nowhere {
            self.take_anew(place, plan, kept, measurement);
        }
    }

    #[cold]
    fn take_anew(
        &self,
        place: &ExemplarPlace,
        plan: &StreamPlan,
        kept: &[KeyValue],
        measurement: &Measurement<'_>,
    ) {
        let known = self.known(kept);
        let series = match known {
            Some(series) => Some(series),
            None => self.begin(place.0.get(), plan, canonical(kept)),
        };
        if let Some(series) = series {
            series.offer(plan, measurement);
            let _ = place.0.set(series);
        }
    }

    fn known(&self, key: &[KeyValue]) -> Option<Arc<Series>> {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        series.get(key).cloned()
    }

    /// Gives a series a reservoir; `None` if there is no room for it.
    fn begin(
        &self,
        idle: Option<&Arc<Series>>,
        plan: &StreamPlan,
        key: Attributes,
    ) -> Option<Arc<Series>> {
        if let Some(known) = self.known(&key) {
            return Some(known);
        }
        if !self.has_room(plan) {
            return None;
        }
        // The application's code runs here: not under the lock.
        let reservoir = self.make(plan)?;
        let series = idle.cloned().unwrap_or_else(Series::idle);
        let mut table = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = table.get(&key) {
            return Some(known.clone());
        }
        *series.try_lock()? = Some(reservoir);
        table.insert(key, series.clone());
        Some(series)
    }

    /// Whether there is room for another series.
    ///
    /// The storage does not know which sets are beyond the cardinality limit, the store does: it gives their
    /// exemplars to the overflow series. Twice the limit is room enough for those of one interval.
    fn has_room(&self, plan: &StreamPlan) -> bool {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        series.len() < plan.limit.saturating_mul(2)
    }

    /// Makes a reservoir, an empty one if that panics.
    fn make(&self, plan: &StreamPlan) -> Option<Box<dyn ExemplarReservoir>> {
        catch_unwind(AssertUnwindSafe(|| self.choice.make(plan))).unwrap_or_else(|_| {
            report::once(("reservoir", "make", &plan.name), || {
                format!(
                    "no exemplar reservoir for metric `{}`: making it panicked",
                    plan.name
                )
            });
            Some(Box::new(FixedSizeReservoir::new(0)))
        })
    }

    /// Takes out what the reservoirs kept, per series.
    pub(crate) fn freeze(&self) -> Vec<(Attributes, Vec<Exemplar>)> {
        let all: Vec<(Attributes, Arc<Series>)> = {
            let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
            series
                .iter()
                .map(|(key, one)| (key.clone(), one.clone()))
                .collect()
        };
        let mut frozen = Vec::new();
        let mut idle = Vec::new();
        for (key, series) in all {
            if !series.touched.swap(false, Ordering::Relaxed) {
                idle.push(key);
                continue;
            }
            let mut locked = series
                .reservoir
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let collect = || locked.as_mut().map(|reservoir| reservoir.collect());
            let kept = catch_unwind(AssertUnwindSafe(collect)).unwrap_or_default();
            if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
                frozen.push((key, kept));
            }
        }
        if !idle.is_empty() {
            drop(self.let_go(&idle));
        }
        frozen
    }

    /// Lets idle series go; what their reservoirs were.
    fn let_go(&self, idle: &[Attributes]) -> Vec<Box<dyn ExemplarReservoir>> {
        let mut table = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        for key in idle {
            // Busy is not idle. Touched is set before the lock is taken for an offer.
            let Some(series) = table.get(key).cloned() else {
                continue;
            };
            if let Some(mut locked) = series.try_lock()
                && !series.touched.load(Ordering::Relaxed)
            {
                gone.extend(locked.take());
                table.remove(key);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::InstrumentationScope;

    use super::*;
    use crate::gate::stream::{Aggregation, InstrumentKind};

    fn plan(limit: usize) -> StreamPlan {
        StreamPlan {
            scope: InstrumentationScope::builder("test").build(),
            name: "test".into(),
            unit: "".into(),
            kind: InstrumentKind::Counter,
            aggregation: Aggregation::Default,
            limit,
        }
    }

    fn storage() -> ExemplarStorage {
        ExemplarStorage::new(ExemplarFilter::AlwaysOn, Reservoir::Default).unwrap()
    }

    #[test]
    fn attribute_order_does_not_make_a_second_series() {
        let (storage, plan) = (storage(), plan(10));
        let (a, b) = (KeyValue::new("a", 1), KeyValue::new("b", 2));
        for set in [[a.clone(), b.clone()], [b, a]] {
            storage.offer(&plan, 1.0, &set, &set, None);
        }
        assert_eq!(storage.freeze().len(), 1);
    }

    #[test]
    fn exemplars_keep_their_set_beyond_the_limit_but_not_without_bound() {
        let (storage, plan) = (storage(), plan(2));
        for at in 0..9 {
            let set = [KeyValue::new("at", at)];
            storage.offer(&plan, 1.0, &set, &set, None);
        }
        assert_eq!(storage.freeze().len(), 4);
    }

    #[test]
    fn an_idle_series_is_forgotten() {
        let (storage, plan) = (storage(), plan(2));
        storage.offer(&plan, 1.0, &[], &[], None);
        assert_eq!(storage.freeze().len(), 1);
        assert!(storage.freeze().is_empty());
        assert!(storage.series.read().unwrap().is_empty());
    }

    #[test]
    fn a_bound_series_is_let_go_and_comes_back() {
        let (storage, plan, place) = (storage(), plan(2), ExemplarPlace::default());
        let offer = |value| {
            let measurement = Measurement::new(value, &[], None, None);
            storage.take_at(&place, &plan, &[], &measurement);
        };
        for round in [1.0, 2.0] {
            offer(round);
            let kept = storage.freeze();
            assert_eq!(kept[0].1[0].value.to_bits(), f64::to_bits(round));
            assert!(storage.freeze().is_empty());
            assert!(storage.series.read().unwrap().is_empty());
            let at_hand = place.0.get().unwrap();
            assert!(at_hand.reservoir.lock().unwrap().is_none());
        }
    }

    #[test]
    fn a_bound_series_and_others_of_its_labels_share_a_reservoir() {
        let (storage, plan, place) = (storage(), plan(2), ExemplarPlace::default());
        let measurement = Measurement::new(1.0, &[], None, None);
        storage.take_at(&place, &plan, &[], &measurement);
        storage.freeze();
        storage.freeze();
        // Somebody else comes first, in a place of its own.
        storage.offer(&plan, 2.0, &[], &[], None);
        storage.take_at(&place, &plan, &[], &measurement);
        let kept = storage.freeze();
        assert_eq!((kept.len(), kept[0].1.len()), (1, 1));
    }

    #[test]
    fn a_panicking_reservoir_harms_nobody() {
        struct Bad;
        impl ExemplarReservoir for Bad {
            fn offer(&mut self, _: &Measurement<'_>) {
                panic!("bad reservoir");
            }
            fn collect(&mut self) -> Vec<Exemplar> {
                panic!("bad reservoir");
            }
        }
        let storage =
            ExemplarStorage::new(ExemplarFilter::AlwaysOn, Reservoir::custom(|_| Bad)).unwrap();
        storage.offer(&plan(2), 1.0, &[], &[], None);
        assert!(storage.freeze().is_empty());
    }
}
