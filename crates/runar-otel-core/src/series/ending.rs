//! Series that are to end: those that were retired, and idle ones.
//!
//! Retiring only notes the series: a consumer may not have seen its last value yet, and a collection that is under way may
//! hang. The collecting threads end it afterwards.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use super::{
    cell::CellKind,
    delivery::CellValue,
    object::{Series, SeriesCell, state},
    stream::{Inner, Stream},
    value::{Aggregate as _, ExponentialHistogram, Histogram, Number},
};
use crate::{
    forked,
    labels::{LabelSet, Sorted},
};

/// A retired series does not wait longer for a consumer that does not come.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A moment of the process, before or after all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// A moment after all that there were.
    #[must_use]
    pub fn now() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::AcqRel))
    }
}

/// The retired series of a stream. Changed under its lock.
#[derive(Debug, Default)]
pub(super) struct Ending(Vec<Retired>);

#[derive(Debug)]
struct Retired {
    series: Arc<Series>,
    /// What was there when it was retired: that is its last value, unless something is recorded meanwhile.
    last: u64,
    moment: Moment,
    since: Instant,
    /// True once it has ended, and somebody keeps it still.
    ended: bool,
}

impl Retired {
    fn new(series: Arc<Series>, last: u64) -> Self {
        Self {
            series,
            last,
            moment: Moment::now(),
            since: Instant::now(),
            ended: false,
        }
    }

    /// True if all consumers have seen what was there at that time, or one of them does not come.
    fn is_due(&self, seen: Option<Moment>) -> bool {
        self.ended
            || seen.is_some_and(|seen| self.moment < seen)
            || self.since.elapsed() >= PATIENCE
    }
}

/// Whether a series that was to end has ended.
enum Ended {
    Yes,
    /// Something was recorded, or it is not at 0.
    Changed,
}

impl Ended {
    fn of(ended: bool) -> Self {
        match ended {
            true => Self::Yes,
            false => Self::Changed,
        }
    }
}

/// How many series there are in an [`Ending`]. Relaxed: it only spares a lock.
pub(super) type Count = AtomicUsize;

impl Stream {
    /// Has a series end once all consumers have seen its last value. One that is not there stays so.
    pub fn retire_soon(&self, labels: &LabelSet) {
        let mut sorted = Sorted::joined(labels, &[] as &[opentelemetry::KeyValue]);
        self.drop_labels(&mut sorted);
        let Some(mut inner) = forked::lock(&self.inner) else {
            return;
        };
        let known = self.interner.known(&inner.members, sorted.as_slice());
        if let Some(series) = known.filter(|known| known.retires()).cloned() {
            let last = self.fingerprint(&series, &series.cell);
            inner.ending.0.push(Retired::new(series, last));
            self.retired.store(inner.ending.0.len(), Ordering::Relaxed);
        }
    }

    /// Something was recorded in a series that was to end: it goes on. A sum that goes down, too, ends when it is at 0.
    #[cold]
    pub(super) fn goes_on(&self, series: &Series) {
        if self.shape.kind == CellKind::UpDown {
            return;
        }
        if let Some(_inner) = forked::lock(&self.inner) {
            series.has_retired();
        }
    }

    /// Ends the retired series whose last value all consumers have seen; `seen` is when the snapshot began that is the
    /// oldest among the last ones of all, `None` if a consumer has none yet. Returns how many are no longer to end.
    pub fn end_retired(&self, seen: Option<Moment>) -> usize {
        if self.retired.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        // A walk that is under way may see it the next time.
        let Some(_alone) = self.alone_at_once() else {
            return 0;
        };
        let ended = {
            let mut inner = self.lock();
            let all = inner.ending.0.len();
            let due: Vec<Retired> = {
                let ending = &mut inner.ending.0;
                ending.extract_if(.., |one| one.is_due(seen)).collect()
            };
            for retired in due {
                if let Some(still) = self.end_one(&mut inner, retired) {
                    inner.ending.0.push(still);
                }
            }
            let left = inner.ending.0.len();
            self.retired.store(left, Ordering::Relaxed);
            all - left
        };
        if ended > 0 {
            self.forget_unlinked();
        }
        ended
    }

    /// Ends a series unless something was recorded since it was retired. What is still to be done, if anything.
    fn end_one(&self, inner: &mut Inner, mut retired: Retired) -> Option<Retired> {
        let series = retired.series.clone();
        // The list has one reference, this function another one.
        let others = 2;
        if retired.ended || series.life() != state::LIVE {
            if series.life() == state::ASLEEP && self.is_kept(inner, &series, others) {
                retired.ended = true;
                return Some(retired);
            }
            if series.life() == state::ASLEEP {
                self.unlink(inner, &series);
            }
            // If it lives again, whoever recorded there has taken the mark away.
            return None;
        }
        if !series.is_retired() {
            return None;
        }
        match self.end_unless_changed(inner, &series, retired.last, others) {
            Ended::Yes => {
                retired.ended = true;
                if series.life() == state::ASLEEP {
                    return Some(retired);
                }
                series.has_retired();
                None
            }
            // It ends when it is at 0, and everybody knows.
            Ended::Changed if self.shape.kind == CellKind::UpDown => {
                let last = self.fingerprint(&series, &series.cell);
                Some(Retired::new(series, last))
            }
            Ended::Changed => {
                series.has_retired();
                None
            }
        }
    }

    /// True if a handle, or what is owed, keeps a series.
    fn is_kept(&self, inner: &Inner, series: &Arc<Series>, others: usize) -> bool {
        let departed = inner.departed.get(series.labels());
        let owes = departed.is_some_and(|departed| Arc::ptr_eq(departed, series));
        Series::is_held(series, others + usize::from(owes))
    }

    /// The mark first, then a look at the value, which is put aside meanwhile: who records after the mark begins a new life.
    fn end_unless_changed(
        &self,
        inner: &mut Inner,
        series: &Arc<Series>,
        last: u64,
        others: usize,
    ) -> Ended {
        if self.is_observed() {
            return Ended::of(self.end_life(inner, series, others));
        }
        series.set_life(state::ASLEEP);
        if self.is_level() {
            if self.fingerprint(series, &series.cell) != last {
                series.set_life(state::LIVE);
                return Ended::Changed;
            }
            return Ended::of(self.end_life(inner, series, others));
        }
        let aside = SeriesCell::new(&self.shape);
        series.cell.move_to(&aside, &self.shape);
        let has_deltas = self.deltas.load(Ordering::Acquire) > 0;
        let is_same = self.fingerprint(series, &aside) == last;
        if !is_same || has_deltas || self.shape.kind == CellKind::UpDown {
            aside.move_to(&series.cell, &self.shape);
        }
        if !is_same {
            series.set_life(state::LIVE);
            return Ended::Changed;
        }
        if has_deltas || self.shape.kind == CellKind::UpDown {
            return Ended::of(self.end_life(inner, series, others));
        }
        // All have seen what is aside.
        if !Series::is_held(series, others) {
            self.unlink(inner, series);
        }
        Ended::Yes
    }

    /// The value of a series whose newest part is in this cell.
    fn fingerprint(&self, series: &Series, cell: &SeriesCell) -> u64 {
        match self.shape.kind {
            CellKind::Counter | CellKind::UpDown | CellKind::Level => {
                self.fingerprint_of::<Number>(series, cell)
            }
            CellKind::Buckets => self.fingerprint_of::<Histogram>(series, cell),
            CellKind::Exponential => self.fingerprint_of::<ExponentialHistogram>(series, cell),
        }
    }

    fn fingerprint_of<V: CellValue>(&self, series: &Series, cell: &SeriesCell) -> u64 {
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

    /// Ends the series that have not changed for so long. For streams all of whose consumers want deltas: they do not miss
    /// what does not change. Returns how many ended.
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
