//! The reservoirs of one stream, one per series.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
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
    series: RwLock<HashMap<Attributes, Arc<Series>>>,
}

struct Series {
    /// Set by every offer, cleared by every freeze: a series without offers in between is let go.
    touched: AtomicBool,
    reservoir: Mutex<Box<dyn ExemplarReservoir>>,
}

enum Place {
    Taken(Arc<Series>),
    Free,
    None,
}

impl std::fmt::Debug for Series {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Series")
            .field("touched", &self.touched)
            .finish_non_exhaustive()
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
            self.take(
                plan,
                kept,
                &Measurement::new(value, attributes, labels, span),
            );
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
            self.take(
                plan,
                kept,
                &Measurement::new(value, attributes, labels, None),
            );
        }
    }

    fn take(&self, plan: &StreamPlan, kept: &[KeyValue], measurement: &Measurement<'_>) {
        if !measurement.value().is_finite() {
            return;
        }
        let Some(series) = self.find(plan, kept) else {
            return;
        };
        series.touched.store(true, Ordering::Relaxed);
        // Recording waits for nobody: while another thread offers, this candidate is let go.
        let Ok(mut reservoir) = series.reservoir.try_lock() else {
            return;
        };
        if catch_unwind(AssertUnwindSafe(|| reservoir.offer(measurement))).is_err() {
            drop(reservoir);
            report::once(("reservoir", &plan.name), || {
                format!(
                    "the exemplar reservoir of metric `{}` panicked in `offer`",
                    plan.name
                )
            });
        }
    }

    fn find(&self, plan: &StreamPlan, kept: &[KeyValue]) -> Option<Arc<Series>> {
        {
            let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = series.get(kept) {
                return Some(found.clone());
            }
        }
        let key = canonical(kept);
        match self.place(plan, &key) {
            Place::Taken(series) => return Some(series),
            Place::None => return None,
            Place::Free => {}
        }
        // The application's code runs here: not under the lock.
        let made = Arc::new(Series {
            touched: AtomicBool::new(false),
            reservoir: Mutex::new(self.make(plan)?),
        });
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        Some(series.entry(key).or_insert(made).clone())
    }

    /// Whether there is a series for a canonical set, or room for one.
    ///
    /// The storage does not know which sets are beyond the cardinality limit, the store does: it gives their
    /// exemplars to the overflow series. Twice the limit is room enough for those of one interval.
    fn place(&self, plan: &StreamPlan, key: &Attributes) -> Place {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        match series.get(key) {
            Some(found) => Place::Taken(found.clone()),
            None if series.len() >= plan.limit.saturating_mul(2) => Place::None,
            None => Place::Free,
        }
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
            let mut reservoir = series
                .reservoir
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let kept = catch_unwind(AssertUnwindSafe(|| reservoir.collect())).unwrap_or_default();
            if !kept.is_empty() {
                frozen.push((key, kept));
            }
        }
        if !idle.is_empty() {
            self.forget(&idle);
        }
        frozen
    }

    fn forget(&self, idle: &[Attributes]) {
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        for key in idle {
            if series
                .get(key)
                .is_some_and(|one| !one.touched.load(Ordering::Relaxed))
            {
                series.remove(key);
            }
        }
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
