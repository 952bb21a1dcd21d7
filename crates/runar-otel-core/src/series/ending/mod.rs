//! Series that will end: retired ones, and idle ones.
//!
//! Retiring only notes the series: a consumer may not have seen its last value yet, and a collection under way may
//! hang. The collecting threads end the series afterwards.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

use super::{
    cell::CellKind,
    delivery::CellValue,
    object::{Series, SeriesCell, state},
    retired_series::{LastValue, Moment, RetiredSeries},
    stream::{LockedState, Stream},
    value::{Aggregate as _, ExponentialHistogram, Fingerprint, Histogram, Number},
};
use crate::{
    labels::{LabelSet, SortedLabels},
    threads::forked,
};

impl Stream {
    /// Ends a series once all consumers have seen its last value. A series that does not exist is not made.
    pub fn retire_soon(&self, labels: &LabelSet) {
        if forked::is_child() {
            // Nothing ends there, since nothing collects.
            return;
        }
        let mut sorted = SortedLabels::joined(labels, &[] as &[opentelemetry::KeyValue]);
        self.drop_labels(&mut sorted);
        let Some(mut inner) = forked::lock(&self.inner) else {
            return;
        };
        let known = self.interner.known(&inner.members, sorted.as_slice());
        let Some(series) = known.cloned() else { return };
        // Consumers do not know a value in the cell of a series that sleeps: its thread is about to begin a life.
        let last = match series.is_live() {
            true if !series.mark_retired() => return,
            true => LastValue::Is(self.fingerprint(&series, &series.cell)),
            false => LastValue::Over,
        };
        inner.retired.put(RetiredSeries::new(series, last));
        self.count_ending(&inner);
    }

    fn count_ending(&self, inner: &LockedState) {
        self.retired.store(inner.retired.len(), Ordering::Relaxed);
    }

    /// Lets a series go on in which a value was recorded since its retirement. A sum that also shrinks is retired again by
    /// the next collection, and ends once it is 0.
    #[cold]
    pub(super) fn record_after_retiring(&self, series: &Series) {
        let Some(mut inner) = forked::lock(&self.inner) else {
            return;
        };
        if !series.is_retired() {
            return;
        }
        // Without the mark, only one record between two collections takes the lock.
        series.unmark_retired();
        if self.shape.kind == CellKind::UpDown {
            return inner.retired.note(series, LastValue::Changed);
        }
        inner.retired.remove(series);
        self.count_ending(&inner);
    }

    /// Ends the retired series whose last value all consumers have seen; `seen` is the beginning of the oldest among
    /// their last snapshots, `None` if a consumer has none yet. Returns the number of series that are no longer
    /// retired.
    pub fn end_retired(&self, seen: Option<Moment>) -> usize {
        if self.retired.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        // A walk that is under way may see it the next time.
        let Some(_alone) = self.try_lock_walks() else {
            return 0;
        };
        let ended = {
            let mut inner = self.lock();
            let all = inner.retired.len();
            for retired in inner.retired.take_due(seen) {
                if let Some(still) = self.end_retired_series(&mut inner, retired) {
                    inner.retired.put(still);
                }
            }
            self.count_ending(&inner);
            all - inner.retired.len()
        };
        if ended > 0 {
            self.forget_unlinked();
        }
        ended
    }

    /// Ends a series unless something was recorded since it was retired. Returns the entry that is still to be done, if
    /// any.
    fn end_retired_series(
        &self,
        inner: &mut LockedState,
        mut retired: RetiredSeries,
    ) -> Option<RetiredSeries> {
        let series = retired.series.clone();
        // The references of the entry, and of this function.
        let others = 2;
        if series.is_live() {
            let last = match retired.last {
                // The series began another life.
                LastValue::Over => return None,
                LastValue::Changed => return self.retire_again(series),
                LastValue::Is(last) => last,
            };
            if !self.end_life(inner, &series, others, Some(last)) {
                return self.retire_again(series);
            }
            retired.last = LastValue::Over;
        }
        if series.life() == state::ASLEEP && self.is_kept(inner, &series, others) {
            return Some(retired);
        }
        if series.life() == state::ASLEEP {
            self.unlink(inner, &series);
        }
        None
    }

    /// Retires a sum that also shrinks again, with its new value: the series ends once it is 0 and all consumers have
    /// read that. Any other series goes on.
    fn retire_again(&self, series: Arc<Series>) -> Option<RetiredSeries> {
        if self.shape.kind != CellKind::UpDown {
            series.unmark_retired();
            return None;
        }
        series.mark_retired();
        let last = self.fingerprint(&series, &series.cell);
        Some(RetiredSeries::new(series, LastValue::Is(last)))
    }

    /// The fingerprint of a series, whose newest part is in this cell.
    pub(super) fn fingerprint(&self, series: &Series, cell: &SeriesCell) -> Fingerprint {
        match self.shape.kind {
            CellKind::Counter | CellKind::UpDown | CellKind::Level => {
                self.fingerprint_of::<Number>(series, cell)
            }
            CellKind::Buckets => self.fingerprint_of::<Histogram>(series, cell),
            CellKind::Exponential => self.fingerprint_of::<ExponentialHistogram>(series, cell),
        }
    }

    fn fingerprint_of<V: CellValue>(&self, series: &Series, cell: &SeriesCell) -> Fingerprint {
        let value = V::read(cell, &self.shape);
        let taken = self.deltas.load(Ordering::Acquire) > 0 && self.is_taken();
        let Some(extras) = series.extras().filter(|_| taken) else {
            return value.fingerprint();
        };
        let mut deliveries = extras.lock();
        let Some(delivery) = V::delivery(&mut deliveries) else {
            return value.fingerprint();
        };
        let mut total = delivery.total().clone();
        total.absorb(&value, self.shape.max_size);
        total.fingerprint()
    }

    /// True if nothing was recorded since deltas were taken last.
    fn is_taken_up(&self, series: &Series) -> bool {
        let (cell, shape) = (&series.cell, &self.shape);
        match shape.kind {
            CellKind::Counter | CellKind::UpDown | CellKind::Level => {
                cell.number(shape).is_nothing()
            }
            CellKind::Buckets => cell.histogram(shape).is_nothing(),
            CellKind::Exponential => cell.exponential(shape).is_nothing(),
        }
    }

    /// True if the metric, or one of its functions, has used half of its places or more.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        let limit = self.rules.plan.limit;
        self.lock().places.at_limit(limit.div_ceil(2)) > 0
    }

    /// Ends the series that have not changed for so long. For streams all of whose consumers want deltas: a value
    /// that does not change is nothing new to them. Returns the number of series that ended.
    pub fn end_idle(&self, now: SystemTime, idle: Duration) -> usize {
        if self.is_level() || self.is_observed() {
            return 0;
        }
        let is_idle = |series: &Series| {
            let silent = series.noted().map(|noted| now.duration_since(noted));
            matches!(silent, Some(Ok(silent)) if silent >= idle) && self.is_taken_up(series)
        };
        self.retire(is_idle)
    }
}

#[cfg(test)]
mod tests;
