//! A stream: the series of one metric, found by their labels.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use opentelemetry::KeyValue;

use super::{
    cell::{CellKind, CellShape},
    delivery::SeriesDelivery,
    object::{Series, state},
    observed_state::ObservedState,
    places::{FirstOverflow, Places, ReachedLimits},
    progress::Walks,
    retired_series::{RetiredCount, RetiredList},
    value::Number,
};
use crate::{
    exemplar::{ExemplarFilter, HeldReservoir, Reservoir, is_in_reservoir},
    labels::{Interner, Label, LabelFilter, LabelSet, Members, SortedLabels},
    metric::{OVERFLOW_KEY, StreamPlan, number::NumberKind, sharing::Sharing},
    threads::{deferred_drop::DeferredDrop, forked, sync::OnceBox},
};

/// A receiver of every measurement of sums and histograms, besides the series.
pub trait Mirror: Send + Sync {
    /// Notes a new stream. Also called for last values and observed streams, whose measurements the mirror does not
    /// get.
    fn made(&self, stream: &Arc<Stream>);

    /// Notes a counted measurement, by the bits of its value in the number type of the stream. Called on the recording
    /// thread: must neither block nor record.
    fn recorded(&self, stream: &Stream, series: &Arc<Series>, bits: u64);
}

/// Settings of one stream, as the views of a provider make them.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) plan: StreamPlan,
    pub(crate) labels: Option<LabelFilter>,
    pub(crate) number: NumberKind,
    pub(crate) exemplars: ExemplarFilter,
    pub(crate) reservoir: Reservoir,
    pub(crate) sharing: Sharing,
    /// True if the limit comes from a view, and is that of the metric as a whole.
    pub(crate) limits_all: bool,
}

impl Rules {
    /// True if a stream under these rules can be used under the others.
    pub(crate) fn allow(&self, other: &Self) -> bool {
        let (one, two) = (&self.plan, &other.plan);
        one.scope == two.scope
            && one.name == two.name
            && one.unit == two.unit
            && one.kind == two.kind
            && self.number == other.number
            && self.sharing == other.sharing
            && self.limits_all == other.limits_all
            && self.are_like(other)
    }

    /// True if both handle a measurement in the same way.
    pub(crate) fn are_like(&self, other: &Self) -> bool {
        self.plan.aggregation == other.plan.aggregation
            && self.plan.limit == other.plan.limit
            && self.labels == other.labels
            && self.exemplars == other.exemplars
            && self.reservoir.is_same(&other.reservoir)
    }
}

/// The series of one metric.
///
/// No code of the application runs under its locks: no callback, subscriber, reservoir or `Drop`.
pub struct Stream {
    pub(super) rules: Rules,
    /// Beside the rules: instruments with different descriptions share the stream.
    description: Mutex<Cow<'static, str>>,
    pub(super) shape: CellShape,
    pub(super) interner: Interner<Series>,
    pub(super) inner: Mutex<LockedState>,
    /// The series for label sets beyond the cardinality limit; made with the first one.
    pub(super) overflow: OnceBox<Arc<Series>>,
    pub(super) first_overflow: FirstOverflow,
    pub(super) full: ReachedLimits,
    /// The number of series that are to end.
    pub(super) retired: RetiredCount,
    /// The number of consumers that want deltas. Grows only.
    pub(super) deltas: AtomicUsize,
    /// The provider under which the stream exports; 0 before and after the life of that provider.
    owner: AtomicU64,
    /// The streams that took over the levels when a provider with other rules came.
    pub(super) moved: OnceLock<Box<[Arc<Stream>]>>,
    /// Held by collections and retirements, which do not run side by side.
    pub(super) walks: Mutex<Walks>,
    pub(super) mirror: Option<Arc<dyn Mirror>>,
    pub(super) observed: Mutex<ObservedState>,
}

/// State that changes under the lock of the stream.
#[derive(Default)]
pub(super) struct LockedState {
    pub(super) members: Members<Series>,
    pub(super) places: Places,
    /// The most series that existed at one time.
    pub(super) most: usize,
    pub(super) retired: RetiredList,
    /// Series that ended and still owe a consumer their last delta, one per label set.
    pub(super) departed: HashMap<LabelSet, Arc<Series>>,
}

impl Stream {
    pub(crate) fn new(rules: Rules, mirror: Option<Arc<dyn Mirror>>) -> Arc<Self> {
        Arc::new(Self {
            shape: CellShape::new(&rules.plan, rules.number),
            rules,
            description: Mutex::default(),
            interner: Interner::default(),
            inner: Mutex::default(),
            overflow: OnceBox::new(),
            first_overflow: FirstOverflow::default(),
            full: ReachedLimits::default(),
            retired: RetiredCount::default(),
            deltas: AtomicUsize::new(0),
            owner: AtomicU64::new(0),
            moved: OnceLock::new(),
            walks: Mutex::default(),
            mirror,
            observed: Mutex::default(),
        })
    }

    /// Name, unit, kind and aggregation.
    #[must_use]
    pub fn plan(&self) -> &StreamPlan {
        &self.rules.plan
    }

    /// The meaning of the metric; empty without one.
    #[must_use]
    pub fn description(&self) -> Cow<'static, str> {
        self.described().clone()
    }

    pub(crate) fn describe(&self, description: Cow<'static, str>) {
        *self.described() = description;
    }

    /// Describes the metric anew if the description is longer. Returns the earlier description and this one, if they
    /// differ.
    ///
    /// OpenTelemetry specification, metrics data model: *Producer recommendations*.
    pub(crate) fn describe_longer(
        &self,
        description: Cow<'static, str>,
    ) -> Option<[Cow<'static, str>; 2]> {
        let mut known = self.described();
        if *known == description {
            return None;
        }
        let both = [known.clone(), description.clone()];
        if description.len() > known.len() {
            *known = description;
        }
        Some(both)
    }

    fn described(&self) -> MutexGuard<'_, Cow<'static, str>> {
        let description = self.description.lock();
        description.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_mirrored(&self) -> bool {
        self.mirror.is_some()
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The number type of the values.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn number(&self) -> NumberKind {
        self.rules.number
    }

    /// Returns the series of a label set, for a handle that keeps it. Labels that a view removes are left out.
    pub(crate) fn series(&self, labels: &LabelSet) -> Arc<Series> {
        let mut sorted = SortedLabels::joined(labels, &[] as &[KeyValue]);
        self.drop_labels(&mut sorted);
        if forked::is_child() {
            let plain = self.interner.plain();
            let known = self.interner.find(plain, sorted.as_slice(), Arc::clone);
            return known.unwrap_or_else(|| self.overflow_series().clone());
        }
        let own: &[KeyValue] = &[];
        self.find_or_add(&mut self.lock(), own, sorted.as_slice()).0
    }

    pub(super) fn drop_labels(&self, sorted: &mut SortedLabels<'_>) {
        if let Some(filter) = &self.rules.labels {
            sorted.retain(|name| filter.keeps(name));
        }
    }

    /// Returns the series of canonical labels, made if there is room, else the overflow series.
    ///
    /// OpenTelemetry specification, metrics SDK: *Cardinality limits*.
    pub(super) fn find_or_add(
        &self,
        inner: &mut LockedState,
        given: &[impl Label],
        sorted: &[impl Label],
    ) -> (Arc<Series>, Placement) {
        if let Some(known) = self.interner.known(&inner.members, sorted) {
            return (known.clone(), Placement::Own);
        }
        match self.add(inner, given, sorted) {
            Some(series) => (series, Placement::Own),
            None => (self.overflow_series().clone(), Placement::Overflow),
        }
    }

    /// Makes a series; `None` if there is no place for another one.
    pub(super) fn add(
        &self,
        inner: &mut LockedState,
        given: &[impl Label],
        sorted: &[impl Label],
    ) -> Option<Arc<Series>> {
        if is_overflow(sorted) {
            return None;
        }
        let placed = self.counts(given, sorted);
        if placed && let Err(reason) = self.take_place(inner, sorted) {
            self.first_overflow.note(reason);
            return None;
        }
        let mark = if placed { state::PLACED } else { 0 };
        let series = self.new_series(LabelSet::pack(sorted), mark);
        self.interner.add(&mut inner.members, series.clone());
        inner.most = inner.most.max(inner.members.len());
        if !inner.departed.is_empty() {
            self.take_over_debts(inner, &series);
        }
        Some(series)
    }

    /// Moves the debts of a label set that comes back to its new series: consumers that still wait for its last delta
    /// get one point, without a gap.
    fn take_over_debts(&self, inner: &mut LockedState, series: &Arc<Series>) {
        let Some(departed) = inner.departed.get_mut(series.labels()) else {
            return;
        };
        // The series may sleep on: then its debts are read there.
        let departed = std::mem::replace(departed, series.clone());
        if let Some(extras) = departed.extras() {
            let debts = std::mem::replace(&mut *extras.lock(), SeriesDelivery::new(&self.shape));
            *series.make_extras(&self.shape).lock() = debts;
        }
    }

    pub(super) fn overflow_series(&self) -> &Arc<Series> {
        self.overflow.get_or_init(|| {
            Box::new(self.new_series(LabelSet::from([KeyValue::new(OVERFLOW_KEY, true)]), 0))
        })
    }

    fn new_series(&self, labels: LabelSet, mark: u8) -> Arc<Series> {
        let mirrored = if self.is_mirrored() {
            state::MIRRORED
        } else {
            0
        };
        Arc::new(Series::new(labels, &self.shape, mark | mirrored))
    }

    /// Removes a series from the table. The caller moves its value on.
    pub(super) fn unlink(&self, inner: &mut LockedState, series: &Series) {
        if series.life() != state::UNLINKED {
            series.set_life(state::UNLINKED);
            self.leave_place(inner, series);
        }
    }

    /// The current value of a sum or a level.
    #[must_use]
    pub fn number_of(&self, series: &Series) -> Number {
        series.cell.number(&self.shape)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, LockedState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of a walk; `None` within a reservoir, which may be in a walk itself.
    pub(super) fn lock_walks(&self) -> Option<MutexGuard<'_, Walks>> {
        let own = is_in_reservoir();
        (!own).then(|| self.walks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the turn of a walk if nobody else has it.
    pub(super) fn try_lock_walks(&self) -> Option<MutexGuard<'_, Walks>> {
        match self.walks.try_lock() {
            Ok(walks) => Some(walks),
            Err(TryLockError::Poisoned(walks)) => Some(walks.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn is_level(&self) -> bool {
        self.shape.kind == CellKind::Level
    }

    /// Prepares for this number of consumers of deltas: a series that ends before a consumer has collected owes its
    /// value to that consumer.
    pub(crate) fn expect_deltas(&self, deltas: usize) {
        if !self.is_level() {
            self.deltas.fetch_max(deltas, Ordering::AcqRel);
        }
    }

    /// Begins to export, under a new provider and for so many consumers of deltas. Sums and histograms begin anew; a
    /// level keeps its value. The returned remains of the earlier provider have to be dropped without a lock.
    ///
    /// `None` if it cannot begin: a walk of the earlier provider is under way, and may hang in a reservoir.
    pub(crate) fn attach(
        &self,
        owner: u64,
        now: SystemTime,
        deltas: usize,
    ) -> Option<FormerSeries> {
        let mut walks = self.try_lock_walks()?;
        *walks = Walks::since(now);
        self.deltas.store(0, Ordering::Release);
        self.expect_deltas(deltas);
        let mut reservoirs = Vec::new();
        let mut inner = self.lock();
        let departed = std::mem::take(&mut inner.departed);
        if !self.is_level() {
            inner.retired.end_all();
        }
        for series in inner.members.all().iter().chain(self.overflow.get()) {
            if let Some(extras) = series.extras() {
                let mut delivery = extras
                    .delivery
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                delivery.clear(&self.shape);
                reservoirs.extend(extras.reservoir.empty());
            }
            if self.is_level() {
                series.set_start(now);
            } else {
                if series.life() != state::UNLINKED {
                    series.set_life(state::ASLEEP);
                }
                series.unmark_retired();
                series.cell.clear(&self.shape);
            }
        }
        *self.observed.lock().unwrap_or_else(PoisonError::into_inner) = ObservedState::since(now);
        self.owner.store(owner, Ordering::Release);
        Some(FormerSeries {
            _departed: departed,
            _reservoirs: (!reservoirs.is_empty()).then(|| DeferredDrop::new(reservoirs)),
        })
    }

    /// Ends with its provider, unless the stream has another provider already. Records made afterwards are dropped, but
    /// for levels. Waits for no walk: values that a walk under way leaves behind are cleared by the next life.
    pub(crate) fn detach(&self, owner: u64) {
        let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
        let ended = self.owner.compare_exchange(owner, 0, success, failure);
        if ended.is_err() || self.is_level() {
            return;
        }
        let inner = self.lock();
        if self.is_attached() {
            return;
        }
        for series in inner.members.all().iter().chain(self.overflow.get()) {
            // A series that has left the table stays out of it.
            if series.life() != state::UNLINKED {
                series.set_life(state::ASLEEP);
            }
        }
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.owner.load(Ordering::Acquire) != 0
    }

    /// Copies the levels of an earlier stream.
    pub(crate) fn copy_levels(&self, of: &Self) {
        let all = of.lock().members.all();
        for series in all.iter().filter(|series| series.is_live()) {
            let bits = of.number_of(series).bits();
            let own = self.series(series.labels());
            self.record_in(&own, bits);
        }
    }

    /// Moves all levels to streams that have other rules. Records of a thread that does not know of them yet follow:
    /// each series is marked first and taken then, and a record looks at the mark after its change.
    pub(crate) fn move_levels(&self, to: Box<[Arc<Self>]>) {
        if self.moved.set(to).is_err() {
            return;
        }
        let all = self.lock().members.all();
        for series in all.iter().chain(self.overflow.get()) {
            let was_live = {
                let mut inner = self.lock();
                let was_live = series.is_live();
                self.unlink(&mut inner, series);
                was_live
            };
            if was_live {
                self.hand_on(series, None);
            }
        }
    }

    /// The streams that hold the levels now. Providers may have come and gone while a thread stood still.
    fn moved_to(&self) -> Vec<&Arc<Self>> {
        let (mut ends, mut next) = (Vec::new(), vec![self]);
        while let Some(stream) = next.pop() {
            for to in stream.moved.get().into_iter().flatten() {
                match to.has_moved() {
                    true => next.push(to),
                    false => ends.push(to),
                }
            }
        }
        ends
    }

    /// True if the levels of the stream have moved to other streams.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved.get().is_some()
    }

    /// Hands on the value of a series whose level has moved. A level that was set is set there, too.
    pub(super) fn hand_on(&self, series: &Series, set: Option<u64>) {
        let taken = series.cell.take_level(&self.shape);
        for stream in self.moved_to() {
            let own = stream.series(series.labels());
            let counts = matches!(stream.shape.kind, CellKind::Buckets | CellKind::Exponential);
            match set {
                Some(bits) => stream.record_in(&own, bits),
                None if counts => stream.record_in(&own, taken.bits()),
                None => stream.adjust_in(&own, taken.value()),
            }
        }
    }
}

/// Series and reservoirs of a stream under an earlier provider, to be dropped without a lock.
pub(crate) struct FormerSeries {
    _departed: HashMap<LabelSet, Arc<Series>>,
    _reservoirs: Option<DeferredDrop<Vec<HeldReservoir>>>,
}

/// The series that takes a label set: its own, or the overflow series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    Own,
    Overflow,
}

fn is_overflow(labels: &[impl Label]) -> bool {
    matches!(labels, [one] if one.name() == OVERFLOW_KEY
        && one.value() == crate::labels::ValueRef::Bool(true))
}

impl fmt::Debug for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Stream")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
