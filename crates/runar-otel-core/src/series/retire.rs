//! Retiring series, and series that come back.

use std::{
    sync::{Arc, atomic::Ordering},
    time::SystemTime,
};

use super::{
    cell::CellKind,
    change::AppliedChange,
    delivery::{CellValue as _, SeriesDelivery},
    object::{Series, SeriesCell, state},
    retired_series::LastValue,
    stream::{LockedState, Stream},
    value::{Aggregate as _, Fingerprint, Number},
};
use crate::{
    labels::{AllSeries, SortedLabels, begin_rebuild},
    metric::{OVERFLOW_KEY, number::NumberKind},
    report,
    threads::forked,
};

/// The number of series that are retired under the lock at a time: a new series waits no longer than that.
const CHUNK: usize = 64;

impl Stream {
    /// Ends series, for good unless something is recorded for them again. Returns the number of series that ended.
    ///
    /// A consumer of deltas still gets their last point. A series that a handle keeps sleeps and wakes with the next
    /// record; memory of the others is given back. A sum that also shrinks ends only at 0: its decrement would come to
    /// another series.
    pub fn retire(&self, ends: impl Fn(&Series) -> bool) -> usize {
        let Some(_alone) = self.lock_walks() else {
            return 0;
        };
        let all = self.lock().members.all();
        let ending: Vec<&Arc<Series>> = all
            .iter()
            .filter(|series| series.is_live() && ends(series))
            .collect();
        let mut ended = 0;
        for chunk in ending.chunks(CHUNK) {
            let mut inner = self.lock();
            for series in chunk {
                ended += usize::from(self.end_life(&mut inner, series, 0, None));
            }
        }
        drop(ending);
        let left = self.unlink_sleepers(&all);
        drop(all);
        if ended > 0 || left {
            self.forget_unlinked();
        }
        ended
    }

    /// Frees the memory of series that nobody keeps, after the end of the provider.
    pub(crate) fn free_sleeping(&self) {
        let Some(_alone) = self.try_lock_walks() else {
            return;
        };
        let all = self.lock().members.all();
        let some = self.unlink_sleepers(&all);
        drop(all);
        if some {
            self.forget_unlinked();
        }
    }

    /// Unlinks the series that sleep although no handle keeps them any more; true if there were any.
    fn unlink_sleepers(&self, all: &AllSeries<Series>) -> bool {
        let sleeping = all.iter().filter(|series| series.life() == state::ASLEEP);
        let sleeping: Vec<&Arc<Series>> = sleeping.collect();
        let mut some = false;
        for chunk in sleeping.chunks(CHUNK) {
            let mut inner = self.lock();
            for series in chunk {
                let owing = inner.departed.contains_key(series.labels());
                let held = Series::is_held(series, usize::from(owing));
                if series.life() == state::ASLEEP && !held {
                    self.unlink(&mut inner, series);
                    some = true;
                }
            }
        }
        some
    }

    /// Ends one life. The life stays if its value is another one than `last`, or if it is that of a sum that also
    /// shrinks and is not 0. `others` references besides those of the table do not keep the series. True if the life
    /// ended.
    ///
    /// The mark first, then the value, which is put aside: what comes after that is of the next life.
    pub(super) fn end_life(
        &self,
        inner: &mut LockedState,
        series: &Arc<Series>,
        others: usize,
        last: Option<Fingerprint>,
    ) -> bool {
        if self.is_observed() {
            self.end_observed(inner, series);
            return true;
        }
        series.set_life(state::ASLEEP);
        let ends = match self.shape.kind {
            CellKind::Level => self.end_level(series, last),
            CellKind::UpDown => self.end_at_zero(inner, series, last),
            _ => self.end_total(inner, series, last),
        };
        if !ends {
            series.set_life(state::LIVE);
            return false;
        }
        series.unmark_retired();
        inner.retired.note(series, LastValue::Over);
        if !self.is_kept(inner, series, others) {
            self.unlink(inner, series);
        }
        true
    }

    fn end_level(&self, series: &Series, last: Option<Fingerprint>) -> bool {
        let (cell, shape) = (&series.cell, &self.shape);
        let Some(last) = last else {
            cell.take_level(shape);
            return true;
        };
        let level = cell.number(shape);
        level.fingerprint() == last && cell.take_level_of(shape, level)
    }

    fn end_at_zero(
        &self,
        inner: &mut LockedState,
        series: &Arc<Series>,
        last: Option<Fingerprint>,
    ) -> bool {
        let is_last = last.is_none_or(|last| self.fingerprint(series, &series.cell) == last);
        let deltas = self.deltas.load(Ordering::Acquire);
        let ends = is_last && self.is_at_zero(series, deltas);
        if ends {
            self.hand_over(inner, series, &series.cell);
        }
        ends
    }

    fn end_total(
        &self,
        inner: &mut LockedState,
        series: &Arc<Series>,
        last: Option<Fingerprint>,
    ) -> bool {
        let aside = SeriesCell::new(&self.shape);
        series.cell.move_to(&aside, &self.shape);
        let ends = last.is_none_or(|last| self.fingerprint(series, &aside) == last);
        match ends {
            true => self.hand_over(inner, series, &aside),
            false => {
                aside.move_to(&series.cell, &self.shape);
            }
        }
        ends
    }

    /// Hands the last value of a life to the consumers of deltas.
    fn hand_over(&self, inner: &mut LockedState, series: &Arc<Series>, value: &SeriesCell) {
        let deltas = self.deltas.load(Ordering::Acquire);
        let extras = match deltas {
            0 => series.extras(),
            _ => Some(series.make_extras(&self.shape)),
        };
        if let Some(extras) = extras {
            let mut deliveries = extras.lock();
            deliveries.end(value, &self.shape, deltas);
            self.keep_last_delta(inner, series, &mut deliveries, deltas);
        }
    }

    /// True if a handle, or a debt to a consumer, keeps a series.
    pub(super) fn is_kept(&self, inner: &LockedState, series: &Arc<Series>, others: usize) -> bool {
        let departed = inner.departed.get(series.labels());
        let has_debt = departed.is_some_and(|departed| Arc::ptr_eq(departed, series));
        Series::is_held(series, others + usize::from(has_debt))
    }

    /// Keeps a series that owes its last delta, within bounds: an exporter may fail for ever while label sets come and
    /// go.
    pub(super) fn keep_departed(&self, inner: &mut LockedState, series: &Arc<Series>) -> bool {
        let departed = &mut inner.departed;
        let is_there = |series: &Arc<Series>| departed.contains_key(series.labels());
        // The overflow series has a place besides.
        let others = departed.len() - usize::from(self.overflow.get().is_some_and(is_there));
        let most = self.rules.plan.limit.max(inner.most);
        let room = others < most || self.is_overflow_series(series) || is_there(series);
        if room {
            departed.insert(series.labels().clone(), series.clone());
        }
        room
    }

    /// Keeps a series that owes its last delta, if there is room; else the overflow series owes it.
    fn keep_last_delta(
        &self,
        inner: &mut LockedState,
        series: &Arc<Series>,
        deliveries: &mut SeriesDelivery,
        deltas: usize,
    ) {
        if deliveries.has_debt() && !self.keep_departed(inner, series) {
            self.add_to_overflow_debt(deliveries, deltas);
        }
    }

    /// Makes the overflow series owe the last deltas of a series that cannot be kept.
    fn add_to_overflow_debt(&self, of: &mut SeriesDelivery, deltas: usize) {
        let plan = &self.rules.plan;
        report::once(("departed", plan.scope.name(), &plan.name), || {
            format!(
                "more than {} label sets of metric `{}` ended since the last push: their last deltas are counted in the \
                 series {OVERFLOW_KEY}=true; expected more pushes, or a higher limit",
                plan.limit, plan.name
            )
        });
        let overflow = self.overflow_series();
        if !overflow.is_live() {
            overflow.begin(SystemTime::now());
        }
        let extras = overflow.make_extras(&self.shape);
        let mut owing = extras.lock();
        owing.take_over(of, &self.shape, deltas);
    }

    /// True if a sum that also shrinks is 0, together with the deltas taken from it.
    fn is_at_zero(&self, series: &Series, deltas: usize) -> bool {
        if deltas == 0 {
            return series.cell.number_before_retiring(&self.shape).is_zero();
        }
        let mut deliveries = series.make_extras(&self.shape).lock();
        let Some(delivery) = Number::delivery(&mut deliveries) else {
            return false;
        };
        delivery.take(&series.cell, &self.shape, deltas);
        delivery.total().is_zero()
    }

    /// Builds the table again without the series that left it. The lock is held for the beginning and the end only.
    pub(super) fn forget_unlinked(&self) {
        let rebuild = begin_rebuild(&mut self.lock().members);
        let rebuilt = rebuild.run();
        let before = self.interner.replace(&mut self.lock().members, rebuilt);
        self.interner.release(|| self.lock().members.table());
        drop(before);
    }

    /// Begins a new life of a series that a record found not exported, or moves the value on.
    pub(super) fn wake(&self, series: &Arc<Series>, change: AppliedChange) {
        if !self.is_attached() && !self.is_level() {
            return;
        }
        let Some(mut inner) = forked::lock(&self.inner) else {
            return;
        };
        // Under the lock: then a life starts after the one before has ended.
        let now = SystemTime::now();
        match series.life() {
            state::LIVE => {}
            _ if !self.is_new(series, change.bits)
                && self.hand_on_late_part(&mut inner, series) => {}
            state::ASLEEP => {
                if self.is_level() && change.by.is_none() {
                    // The value may have been taken with the life before.
                    series.cell.put(change.bits);
                }
                series.begin_anew(now);
            }
            _ => self.move_value(&mut inner, series, change, now),
        }
    }

    /// Hands on the part of a measurement that came late to a life that ended: the sum of a value that was counted in
    /// it. False if there is a count besides, of a record that came meanwhile; then all stays there.
    fn hand_on_late_part(&self, inner: &mut LockedState, series: &Arc<Series>) -> bool {
        let deltas = self.deltas.load(Ordering::Acquire);
        let has_windows = deltas > 0 && self.shape.kind == CellKind::Buckets;
        // In a child a walk of the parent may have the lock of the windows for ever.
        let Some(extras) = series
            .extras()
            .filter(|_| has_windows && !forked::is_child())
        else {
            return true;
        };
        let late = SeriesCell::new(&self.shape);
        if !series.cell.move_to(&late, &self.shape) {
            return true;
        }
        if late.histogram(&self.shape).count > 0 {
            late.move_to(&series.cell, &self.shape);
            return false;
        }
        if let Some(current) = self.successor(inner, series) {
            // The set came back, and took over what was owed. A record that came there meanwhile is about to begin a
            // life.
            late.move_to(&current.cell, &self.shape);
            if !current.is_live() {
                self.hand_on_late_part(inner, &current);
            }
            return true;
        }
        let mut deliveries = extras.lock();
        deliveries.end(&late, &self.shape, deltas);
        self.keep_last_delta(inner, series, &mut deliveries, deltas);
        true
    }

    /// Returns the series that has the label set now, or that owes its last delta; `None` if that is the series itself.
    fn successor(&self, inner: &LockedState, series: &Arc<Series>) -> Option<Arc<Series>> {
        let labels = SortedLabels::joined(series.labels(), &[] as &[opentelemetry::KeyValue]);
        let current = self.interner.known(&inner.members, labels.as_slice());
        let current = current.or_else(|| inner.departed.get(series.labels()))?;
        (!Arc::ptr_eq(current, series)).then(|| current.clone())
    }

    /// False if the value was taken into the last point of the life that ended meanwhile.
    fn is_new(&self, series: &Series, bits: u64) -> bool {
        match self.shape.kind {
            CellKind::Level | CellKind::UpDown => true,
            CellKind::Counter => {
                Number::of_bits(self.rules.number, bits).is_zero()
                    || !series.cell.number(&self.shape).is_nothing()
            }
            CellKind::Buckets => series.cell.histogram(&self.shape).count > 0,
            CellKind::Exponential => !series.cell.exponential(&self.shape).is_nothing(),
        }
    }

    /// Moves the changes that reached a level after its life ended. Changes of other threads stay: a level that was set
    /// is set there, others go up or down by the value left here, which is 0 if the change was part of the life that
    /// ended.
    fn move_level(&self, series: &Series, other: &Series, change: AppliedChange) {
        let left = series.cell.take_level(&self.shape).value();
        match change.by {
            None => {
                let _ = other.cell.update(&self.shape, change.bits);
            }
            // Without a sign nothing of it is left here.
            Some(by) if self.rules.number == NumberKind::U64 && by.is_negative() => {
                other.cell.adjust(self.rules.number, by);
            }
            Some(_) => other.cell.adjust(self.rules.number, left),
        }
    }

    /// Moves the value that reached a series outside of the table to the series that is in the table now.
    fn move_value(
        &self,
        inner: &mut LockedState,
        series: &Series,
        change: AppliedChange,
        now: SystemTime,
    ) {
        let labels = SortedLabels::joined(series.labels(), &[] as &[opentelemetry::KeyValue]);
        let labels = labels.as_slice();
        let given = if series.takes_place() { labels } else { &[] };
        let other = match forked::is_child() {
            true => self.overflow_series().clone(),
            false => self.find_or_add(inner, given, labels).0,
        };
        let moved = match self.is_level() {
            true => {
                self.move_level(series, &other, change);
                true
            }
            false => series.cell.move_to(&other.cell, &self.shape),
        };
        if moved && other.life() == state::ASLEEP {
            other.begin_anew(now);
        }
    }
}
