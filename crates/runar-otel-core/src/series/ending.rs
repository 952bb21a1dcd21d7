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
    object::{Series, state},
    stream::{Inner, Stream},
    value::Aggregate as _,
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
    moment: Moment,
    since: Instant,
}

impl Retired {
    fn new(series: Arc<Series>) -> Self {
        Self {
            series,
            moment: Moment::now(),
            since: Instant::now(),
        }
    }

    /// True if all consumers have seen what was there at that time, or one of them does not come.
    fn is_due(&self, seen: Moment) -> bool {
        self.moment < seen || self.since.elapsed() >= PATIENCE
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
            inner.ending.0.push(Retired::new(series));
            self.retired.store(inner.ending.0.len(), Ordering::Relaxed);
        }
    }

    /// Ends the retired series whose last value all consumers have seen; `seen` is when the snapshot began that is the
    /// oldest among the last ones of all. A series that goes on is asked again the next time. Returns how many ended.
    pub fn end_retired(&self, seen: Moment) -> usize {
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
            for Retired { series, .. } in due {
                if self.ends_now(&mut inner, &series) {
                    series.has_retired();
                } else {
                    inner.ending.0.push(Retired::new(series));
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

    /// Ends a series if nothing was recorded since it was read last.
    fn ends_now(&self, inner: &mut Inner, series: &Arc<Series>) -> bool {
        // This list has one reference.
        match series.life() {
            state::LIVE => self.is_as_read(series) && self.end_life(inner, series, 1),
            state::ASLEEP => {
                if !Series::is_held(series, 1 + usize::from(self.owes_last(inner, series))) {
                    self.unlink(inner, series);
                }
                true
            }
            _ => true,
        }
    }

    fn owes_last(&self, inner: &Inner, series: &Arc<Series>) -> bool {
        let departed = inner.departed.get(series.labels());
        departed.is_some_and(|departed| Arc::ptr_eq(departed, series))
    }

    /// True if the value is the one that the last walk found.
    fn is_as_read(&self, series: &Series) -> bool {
        let (cell, shape) = (&series.cell, &self.shape);
        let taken = self.deltas.load(Ordering::Acquire) > 0 && self.is_taken();
        match shape.kind {
            CellKind::Counter | CellKind::UpDown | CellKind::Level if taken => {
                cell.number(shape).is_nothing()
            }
            CellKind::Buckets if taken => cell.histogram(shape).is_nothing(),
            CellKind::Exponential if taken => cell.exponential(shape).is_nothing(),
            CellKind::Counter | CellKind::UpDown | CellKind::Level => {
                series.was_noted(cell.number(shape).fingerprint())
            }
            CellKind::Buckets => series.was_noted(cell.histogram(shape).fingerprint()),
            CellKind::Exponential => series.was_noted(cell.exponential(shape).fingerprint()),
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
            matches!(silent, Some(Ok(silent)) if silent >= idle) && self.is_as_read(series)
        };
        self.retire(is_idle)
    }
}
