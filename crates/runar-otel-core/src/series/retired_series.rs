//! Retired series that have not ended.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{object::Series, value::Fingerprint};

/// The longest time that a retired series waits for a consumer, 5 min.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A moment of the process, before or after all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Returns a moment after all earlier ones.
    #[must_use]
    pub fn now() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::AcqRel))
    }
}

/// The series of a stream that will end, by their address. Changed under the lock of the stream.
///
/// A live series has the mark `RETIRED` exactly while its entry is [`LastValue::Is`]. A record takes the mark away,
/// and the entry, which a sum that also shrinks keeps as [`LastValue::Changed`]; the end of a life makes the entry
/// [`LastValue::Over`].
#[derive(Debug, Default)]
pub(super) struct RetiredList(HashMap<usize, RetiredSeries>);

#[derive(Debug)]
pub(super) struct RetiredSeries {
    pub(super) series: Arc<Series>,
    pub(super) last: LastValue,
    moment: Moment,
    since: Instant,
}

/// The last value of a retired series.
#[derive(Clone, Copy, Debug)]
pub(super) enum LastValue {
    /// The value at the time of the retirement.
    Is(Fingerprint),
    /// The series has another value since: a sum that also shrinks, which ends later.
    Changed,
    /// The life is over, and only a handle keeps the series.
    Over,
}

impl RetiredSeries {
    pub(super) fn new(series: Arc<Series>, last: LastValue) -> Self {
        Self {
            series,
            last,
            moment: Moment::now(),
            since: Instant::now(),
        }
    }

    /// True if all consumers have seen the last value, if it has changed since, or if a consumer has not come in time.
    fn is_due(&self, seen: Option<Moment>) -> bool {
        !matches!(self.last, LastValue::Is(_))
            || seen.is_some_and(|seen| self.moment < seen)
            || self.since.elapsed() >= PATIENCE
    }
}

impl RetiredList {
    pub(super) fn put(&mut self, retired: RetiredSeries) {
        self.0.insert(address(&retired.series), retired);
    }

    pub(super) fn take_due(&mut self, seen: Option<Moment>) -> Vec<RetiredSeries> {
        let due = self.0.extract_if(|_, retired| retired.is_due(seen));
        due.map(|(_, retired)| retired).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Notes what is known of the last value of a series now, if that is retired.
    pub(super) fn note(&mut self, series: &Series, last: LastValue) {
        if let Some(retired) = self.0.get_mut(&address(series)) {
            retired.last = last;
        }
    }

    /// Notes that all lives are over.
    pub(super) fn end_all(&mut self) {
        self.0
            .values_mut()
            .for_each(|retired| retired.last = LastValue::Over);
    }

    pub(super) fn remove(&mut self, series: &Series) {
        self.0.remove(&address(series));
    }
}

fn address(series: &Series) -> usize {
    std::ptr::from_ref(series).addr()
}

/// The number of series in a [`RetiredList`]. Relaxed: the count only spares a lock.
pub(super) type RetiredCount = AtomicUsize;
