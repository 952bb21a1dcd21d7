//! Recording: from a handle or from labels to the cell of a series, and the work that is left afterwards.

use std::sync::{Arc, TryLockError, atomic::Ordering};

use opentelemetry::KeyValue;

use super::{
    cell::{ActiveCall, CellKind, MEETINGS, Meeting},
    change::{AppliedChange, Change, LevelStep, SumValue},
    object::{Series, state},
    stream::{LockedState, Placement, Stream},
};
use crate::{
    exemplar::{FilterDecision, MeasuredLabels, Measurement},
    labels::{BaseLabelsRef, Label, Labels, MOST_ALIASES, SortedLabels},
    metric::number::Value,
    threads::forked,
};

/// Work that is left after a record under a guard.
struct UnfinishedRecord {
    series: Arc<Series>,
    meeting: Meeting,
}

impl Stream {
    /// True if no work is left after a value went into the cell. Inlined: two loads decide about the usual case
    /// (`tests/instructions`, *counter labels*).
    #[inline(always)]
    pub(super) fn is_plain(&self, series: &Series) -> bool {
        !series.is_special() && !self.rules.exemplars.may_accept()
    }

    /// Does what is left after a value went into the cell.
    pub(super) fn finish_change(
        &self,
        series: &Arc<Series>,
        change: AppliedChange,
        origin: MeasuredLabels<'_>,
    ) {
        if change.meeting == Meeting::Somebody {
            self.count_meeting(series);
        }
        if series.is_special() {
            self.finish_special(series, change);
        }
        if self.rules.exemplars.may_accept() {
            self.offer(series, change.bits, origin);
        }
    }

    /// Records into the series of base labels and labels, of which the latter win.
    #[inline]
    pub(crate) fn record_with(
        &self,
        base: BaseLabelsRef<'_>,
        labels: Labels<'_>,
        change: impl Change,
    ) {
        self.record_by(base, labels, change, || {
            MeasuredLabels::Joined(base.labels(), labels)
        });
    }

    /// Records into the series of attributes of the OpenTelemetry API.
    #[inline]
    pub(crate) fn record_attributes(&self, attributes: &[KeyValue], change: impl Change) {
        let empty = self.interner.plain();
        self.record_by(empty, attributes, change, || {
            MeasuredLabels::Attributes(attributes)
        });
    }

    #[inline]
    fn record_by<'l>(
        &self,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        change: impl Change,
        origin: impl FnOnce() -> MeasuredLabels<'l>,
    ) {
        let found = match self.rules.labels {
            None => self
                .interner
                .find(base, labels, |series| self.record_guarded(series, change)),
            Some(_) => None,
        };
        match found {
            Some(None) => {}
            Some(Some(unfinished)) => self.finish(&unfinished, change, origin()),
            None => self.record_sorted(base, labels, change, origin()),
        }
    }

    /// Records into a series under the guard of a look-up, where nothing else may be done. Returns the work that is
    /// left.
    #[inline]
    fn record_guarded(
        &self,
        series: &Arc<Series>,
        change: impl Change,
    ) -> Option<UnfinishedRecord> {
        let meeting = change.apply(&series.cell, &self.shape);
        if meeting == Meeting::Nobody && self.is_plain(series) {
            return None;
        }
        Some(UnfinishedRecord {
            series: series.clone(),
            meeting,
        })
    }

    /// Finishes a record after the guard of its look-up. Not inlined, like [`record_sorted`](Self::record_sorted) and
    /// [`offer`](Self::offer): the path of a known series without exemplar stays short, the others cost a call
    /// (`tests/instructions`, *counter labels*).
    #[inline(never)]
    fn finish(
        &self,
        unfinished: &UnfinishedRecord,
        change: impl Change,
        origin: MeasuredLabels<'_>,
    ) {
        let change = change.with_meeting(self.rules.number, unfinished.meeting);
        self.finish_change(&unfinished.series, change, origin);
    }

    /// Records by the labels in canonical order. A set that comes in the same other order again is found by that order
    /// the next time, for a few orders per series: the look-up then sorts nothing, at the price of an entry per order.
    #[inline(never)]
    fn record_sorted(
        &self,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        change: impl Change,
        origin: MeasuredLabels<'_>,
    ) {
        let mut sorted = SortedLabels::joined(base.labels(), labels);
        self.drop_labels(&mut sorted);
        let sorted = sorted.as_slice();
        let may_alias = self.rules.labels.is_none();
        if may_alias && self.interner.is_natural(base, labels) {
            // The look-up has just missed.
            return self.record_new(base, labels, sorted, change, origin);
        }
        let known = self.interner.find(self.interner.plain(), sorted, |series| {
            let room = series.aliases() < MOST_ALIASES;
            if may_alias && room {
                return Err(series.clone());
            }
            Ok(self.record_guarded(series, change))
        });
        match known {
            Some(Ok(None)) => {}
            Some(Ok(Some(unfinished))) => self.finish(&unfinished, change, origin),
            Some(Err(series)) => {
                if let Some(mut inner) = forked::lock(&self.inner) {
                    self.add_alias(&mut inner, base, labels, &series);
                }
                self.finish_record(&series, change, origin);
            }
            None => self.record_new(base, labels, sorted, change, origin),
        }
    }

    #[cold]
    fn record_new(
        &self,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        sorted: &[impl Label],
        change: impl Change,
        origin: MeasuredLabels<'_>,
    ) {
        if let Some(overflow) = self.overflow.get()
            && self.is_full_for(base, labels, sorted)
        {
            return self.finish_record(overflow, change, origin);
        }
        if forked::is_child() {
            return self.finish_record(self.overflow_series(), change, origin);
        }
        let series = {
            let mut inner = self.lock();
            self.interner.refresh(&inner.members);
            let (series, place) = self.find_or_add(&mut inner, labels, sorted);
            match place {
                Placement::Overflow => self.note_full(&inner, base, labels, sorted),
                Placement::Own if self.rules.labels.is_none() => {
                    self.add_alias(&mut inner, base, labels, &series);
                }
                Placement::Own => {}
            }
            series
        };
        self.finish_record(&series, change, origin);
    }

    /// Records into a known series.
    pub(super) fn record_in(&self, series: &Arc<Series>, bits: u64) {
        self.finish_record(series, SumValue(bits), MeasuredLabels::Set(series.labels()));
    }

    /// Moves a known level up or down.
    pub(super) fn adjust_in(&self, series: &Arc<Series>, by: Value) {
        self.finish_record(series, LevelStep(by), MeasuredLabels::Set(series.labels()));
    }

    fn finish_record(&self, series: &Arc<Series>, change: impl Change, origin: MeasuredLabels<'_>) {
        let meeting = change.apply(&series.cell, &self.shape);
        self.finish_change(
            series,
            change.with_meeting(self.rules.number, meeting),
            origin,
        );
    }

    fn add_alias(
        &self,
        inner: &mut LockedState,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        series: &Arc<Series>,
    ) {
        let room = series.aliases() < MOST_ALIASES;
        if room
            && self
                .interner
                .add_alias(&mut inner.members, base, labels, series)
        {
            series.add_alias();
        }
    }

    /// Counts a measurement that met another thread; the fourth one since the last collection makes the cell striped.
    #[cold]
    fn count_meeting(&self, series: &Series) {
        if self.shape.kind == CellKind::UpDown {
            return;
        }
        let meetings = series
            .meetings
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if meetings < MEETINGS {
            return;
        }
        series.meetings.store(0, Ordering::Relaxed);
        // Under the lock: see `Cell::stripe`. A thread that finds it taken stays on the base and comes again.
        let inner = match self.inner.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(inner)) => inner.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if series.life() == state::LIVE {
            series.cell.stripe(&self.shape);
        }
        drop(inner);
    }

    /// Finishes a record into a series that is mirrored, retired, moved or not exported at the moment.
    #[cold]
    pub(super) fn finish_special(&self, series: &Arc<Series>, change: AppliedChange) {
        if let Some(mirror) = self.mirror.as_ref().filter(|_| series.is_mirrored()) {
            mirror.recorded(self, series, change.bits);
        }
        if series.is_retired() {
            self.record_after_retiring(series);
        }
        if self.moved.get().is_some() {
            self.hand_on(series, change.by.is_none().then_some(change.bits));
        } else if series.life() != state::LIVE {
            self.wake(series, change);
        }
    }

    /// Offers a measurement to the reservoir, if the filter accepts it.
    #[inline(never)]
    fn offer(&self, series: &Series, bits: u64, origin: MeasuredLabels<'_>) {
        if let FilterDecision::Accepted(span) = self.rules.exemplars.decide() {
            let value = self.rules.number.f64_of(bits);
            let filter = self.rules.labels.as_ref();
            self.take_exemplar(series, &Measurement::new(value, origin, filter, span));
        }
    }

    pub(super) fn take_exemplar(&self, series: &Series, measurement: &Measurement<'_>) {
        let slot = &series.make_extras(&self.shape).reservoir;
        slot.offer(&self.rules.reservoir, &self.rules.plan, measurement);
    }

    /// Counts a call under way in a level.
    #[inline]
    pub(crate) fn begin(&self, series: &Arc<Series>) -> ActiveCall {
        match series.cell.begin_at_once(self.rules.number) {
            Some(Meeting::Nobody) if !series.is_special() => ActiveCall::default(),
            meeting => self.begin_otherwise(series, meeting),
        }
    }

    /// Counts a call under way in a striped level, or in a series with more to do. Not inlined: [`begin`](Self::begin)
    /// stays short (`tests/instructions`, *async call*).
    #[inline(never)]
    fn begin_otherwise(&self, series: &Arc<Series>, meeting: Option<Meeting>) -> ActiveCall {
        let place = match meeting {
            Some(_) => ActiveCall::default(),
            None => series.cell.begin_striped(),
        };
        if meeting == Some(Meeting::Somebody) {
            self.count_meeting(series);
        }
        if series.is_special() {
            self.finish_special(
                series,
                LevelStep(Value::I64(0)).with_meeting(self.rules.number, Meeting::Nobody),
            );
        }
        place
    }

    /// Counts a call off that is over.
    #[inline]
    pub(crate) fn end(&self, series: &Arc<Series>, place: ActiveCall) {
        series.cell.end(self.rules.number, place);
        if series.is_special() {
            self.finish_special_end(series);
        }
    }

    #[cold]
    fn finish_special_end(&self, series: &Series) {
        if self.moved.get().is_some() {
            self.hand_on(series, None);
        }
    }
}
