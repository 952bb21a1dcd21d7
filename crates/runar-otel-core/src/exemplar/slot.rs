//! The slot of a reservoir in a series: filled with the first exemplar, emptied when none comes for a while.

use std::{
    cell::Cell,
    sync::{
        Mutex, MutexGuard, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Exemplar, ExemplarReservoir, FixedSizeReservoir, Measurement, Reservoir};
use crate::{
    metric::StreamPlan,
    report,
    threads::deferred_drop::{DeferredDrop, caught},
};

thread_local!(static AT_WORK: Cell<bool> = const { Cell::new(false) });

/// True on a thread that is in the code of a custom reservoir: its records reach no custom reservoir, and a collection
/// started there would wait for itself.
pub(crate) fn is_in_reservoir() -> bool {
    AT_WORK.get()
}

/// Runs the code of a custom reservoir; `None` if it panics.
fn run_in_reservoir<R>(work: impl FnOnce() -> R) -> Option<R> {
    let before = AT_WORK.replace(true);
    let result = caught(work);
    AT_WORK.set(before);
    result
}

/// The reservoir of one series.
#[derive(Default)]
pub(crate) struct ReservoirSlot {
    /// Set by every offer, cleared by every collection: a reservoir without offers in between is dropped.
    touched: AtomicBool,
    reservoir: Mutex<Option<HeldReservoir>>,
}

/// A reservoir, by its maker.
pub(crate) enum HeldReservoir {
    Ours(Box<dyn ExemplarReservoir>),
    /// A reservoir of the application: its `Drop` runs on a thread of its own.
    Custom(DeferredDrop<Box<dyn ExemplarReservoir>>),
}

impl HeldReservoir {
    /// Makes a reservoir; one without room if the maker panics.
    fn make(choice: &Reservoir, plan: &StreamPlan) -> Option<Self> {
        if !choice.is_custom() {
            return choice.make(plan).map(Self::Ours);
        }
        let Some(made) = run_in_reservoir(|| choice.make(plan)) else {
            report::once(("reservoir", "make", &plan.name), || {
                format!(
                    "no exemplar reservoir for metric `{}`: making one panicked",
                    plan.name
                )
            });
            return Some(Self::Ours(Box::new(FixedSizeReservoir::new(0))));
        };
        made.map(|made| Self::Custom(DeferredDrop::new(made)))
    }

    /// Uses the reservoir; `None` if it panics.
    fn run<R>(&mut self, work: impl FnOnce(&mut dyn ExemplarReservoir) -> R) -> Option<R> {
        match self {
            Self::Ours(reservoir) => Some(work(&mut **reservoir)),
            Self::Custom(reservoir) => {
                let reservoir = reservoir.get_mut()?;
                run_in_reservoir(|| work(&mut **reservoir))
            }
        }
    }
}

impl ReservoirSlot {
    /// Offers a measurement that is counted already, and that the filter accepted.
    ///
    /// Recording waits for nobody: a measurement that comes while another thread offers, or during a collection, is not
    /// offered.
    pub(crate) fn offer(&self, choice: &Reservoir, plan: &StreamPlan, measured: &Measurement<'_>) {
        if choice.is_custom() && is_in_reservoir() {
            return;
        }
        // Before the lock: a collection that finds it set leaves the reservoir.
        self.touched.store(true, Ordering::Relaxed);
        let Some(mut locked) = self.try_lock() else {
            return;
        };
        if locked.is_none() {
            // The application's code runs here: not under the lock.
            drop(locked);
            let made = HeldReservoir::make(choice, plan);
            let Some(again) = self.try_lock() else { return };
            locked = again;
            if locked.is_none() {
                *locked = made;
            }
        }
        let Some(reservoir) = locked.as_mut() else {
            return;
        };
        if reservoir
            .run(|reservoir| reservoir.offer(measured))
            .is_none()
        {
            drop(locked);
            report::once(("reservoir", &plan.name), || {
                format!(
                    "the exemplar reservoir of metric `{}` panicked in `offer`",
                    plan.name
                )
            });
        }
    }

    /// Takes the exemplars out. A reservoir that another thread offers to right now keeps its own for the next
    /// collection.
    pub(crate) fn collect(&self) -> Vec<Exemplar> {
        let Some(mut locked) = self.try_lock() else {
            return Vec::new();
        };
        if !self.touched.swap(false, Ordering::Relaxed) {
            let idle = locked.take();
            drop(locked);
            drop(idle);
            return Vec::new();
        }
        let held = locked.as_mut();
        held.and_then(|held| held.run(|reservoir| reservoir.collect()))
            .unwrap_or_default()
    }

    /// Takes the reservoir out with its exemplars, unless another thread offers to it right now. Runs no code of the
    /// application.
    pub(crate) fn empty(&self) -> Option<HeldReservoir> {
        self.touched.store(false, Ordering::Relaxed);
        self.try_lock()?.take()
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Option<HeldReservoir>>> {
        match self.reservoir.try_lock() {
            Ok(reservoir) => Some(reservoir),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl std::fmt::Debug for ReservoirSlot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ReservoirSlot")
            .field("touched", &self.touched)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::InstrumentationScope;

    use super::*;
    use crate::{
        exemplar::MeasuredLabels,
        labels::LabelSet,
        metric::{Aggregation, InstrumentKind},
    };

    fn plan() -> StreamPlan {
        StreamPlan {
            scope: InstrumentationScope::builder("test").build(),
            name: "test".into(),
            unit: "".into(),
            kind: InstrumentKind::Counter,
            aggregation: Aggregation::Default,
            limit: 2,
            total_limit: 2,
        }
    }

    fn offer(slot: &ReservoirSlot, choice: &Reservoir, value: f64) {
        let set = LabelSet::empty();
        let measurement = Measurement::new(value, MeasuredLabels::Set(&set), None, None);
        slot.offer(choice, &plan(), &measurement);
    }

    #[test]
    fn an_idle_reservoir_is_let_go_and_comes_back() {
        let slot = ReservoirSlot::default();
        for round in [1.0, 2.0] {
            offer(&slot, &Reservoir::Default, round);
            let kept = slot.collect();
            assert_eq!(kept[0].value.to_bits(), f64::to_bits(round));
            assert!(slot.collect().is_empty());
            assert!(slot.reservoir.lock().unwrap().is_none());
        }
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
        let slot = ReservoirSlot::default();
        offer(&slot, &Reservoir::custom(|_| Bad), 1.0);
        assert!(slot.collect().is_empty());
    }

    #[test]
    fn a_reservoir_that_cannot_be_made_keeps_nothing() {
        fn make(_: &StreamPlan) -> FixedSizeReservoir {
            panic!("no reservoir");
        }
        let slot = ReservoirSlot::default();
        offer(&slot, &Reservoir::custom(make), 1.0);
        assert!(slot.collect().is_empty());
    }
}
