//! The series: one object per metric and label set.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    cell::{Cell, CellShape},
    delivery::SeriesDelivery,
    value::Fingerprint,
};
use crate::{
    exemplar::ReservoirSlot,
    labels::{HasLabels, LabelSet},
};

/// A label set of a metric, with its value, exemplars and state.
///
/// 112 bytes with short labels; a histogram has 8 bytes per bucket besides. Parts that few series have are in boxes of
/// the cell.
#[derive(Debug)]
pub struct Series {
    labels: LabelSet,
    pub(super) cell: SeriesCell,
    /// The start of the life of the series, in nanoseconds since 1970.
    start: AtomicU64,
    /// The time at which a collection last found another value, in seconds since 1970, and some bits of that value. A
    /// record reads no clock.
    changed: AtomicU32,
    seen: AtomicU16,
    /// State of the life and marks, see [`state`]. One byte, so that a record learns with one load that nothing is left
    /// to be done (`tests/instructions`, *counter*); the price is the masks.
    state: AtomicU8,
    /// The number of times that threads met since the last collection; a cell gets stripes at `MEETINGS`.
    pub(super) meetings: AtomicU8,
}

/// The cell of a series, whose box holds the extras.
pub(crate) type SeriesCell = Cell<Extras>;

/// Parts of a series that are made with its first exemplar, or when deltas are first read.
#[derive(Debug)]
pub(crate) struct Extras {
    pub(super) reservoir: ReservoirSlot,
    pub(super) delivery: Mutex<SeriesDelivery>,
}

/// States in the life of a series, and marks beside them.
///
/// ```text
///  made ─▶ ASLEEP ──first record──▶ LIVE ──retire──▶ ASLEEP (a handle keeps it), or UNLINKED (nobody does)
/// ```
///
/// A record adds first and looks at the state afterwards; retiring marks first and takes the value afterwards. So a
/// value is in the last point of the old life, or its thread sees the mark and begins a new one. Changed under the lock
/// of the stream.
pub(super) mod state {
    /// Exported with each collection.
    pub(crate) const LIVE: u8 = 0;
    /// In the table and not exported: never recorded, or retired while a handle keeps it. A record wakes the series.
    pub(crate) const ASLEEP: u8 = 1;
    /// Removed from the table. A record that still reaches the series moves on to the one that is in the table now.
    pub(crate) const UNLINKED: u8 = 2;
    /// The bits that hold the states above.
    pub(crate) const LIFE: u8 = 3;
    /// Set besides: records also go to a mirror.
    pub(crate) const MIRRORED: u8 = 4;
    /// The unit of the alias count: the number of label orders in which the series is found besides the canonical one.
    pub(crate) const ALIAS: u8 = 8;
    /// The bits of the alias count, at most 7.
    pub(crate) const ALIASES: u8 = 7 * ALIAS;
    /// Set besides: the series takes one of the places that the cardinality limit grants.
    pub(crate) const PLACED: u8 = 64;
    /// Set besides: the series has been retired and will end.
    pub(crate) const RETIRED: u8 = 128;
}

impl Series {
    /// Makes a series that sleeps. `marks` are those of [`state`] that are set besides.
    pub(super) fn new(labels: LabelSet, shape: &CellShape, marks: u8) -> Self {
        Self {
            labels,
            cell: Cell::new(shape),
            start: AtomicU64::new(0),
            changed: AtomicU32::new(0),
            seen: AtomicU16::new(0),
            state: AtomicU8::new(state::ASLEEP | marks),
            meetings: AtomicU8::new(0),
        }
    }

    /// The labels, canonical, after views.
    #[must_use]
    pub fn labels(&self) -> &LabelSet {
        &self.labels
    }

    /// The start of the interval that the total covers.
    #[must_use]
    pub fn start(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.start.load(Ordering::Acquire))
    }

    /// The time of the last collection that found another value than the one before, to the second.
    #[must_use]
    pub fn changed(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.changed.load(Ordering::Relaxed).into())
    }

    /// True if the series is exported.
    #[inline]
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.life() == state::LIVE
    }

    /// True if a record has more to do than change the cell: the series is asleep, unlinked, mirrored or about to end.
    /// Acquire: a thread that sees the mark of a retirement comes after it.
    #[inline]
    pub(super) fn is_special(&self) -> bool {
        const SPECIAL: u8 = state::LIFE | state::MIRRORED | state::RETIRED;
        self.state.load(Ordering::Acquire) & SPECIAL != state::LIVE
    }

    pub(super) fn is_mirrored(&self) -> bool {
        self.state.load(Ordering::Relaxed) & state::MIRRORED != 0
    }

    pub(super) fn takes_place(&self) -> bool {
        self.state.load(Ordering::Relaxed) & state::PLACED != 0
    }

    #[inline]
    pub(super) fn life(&self) -> u8 {
        self.state.load(Ordering::Acquire) & state::LIFE
    }

    /// Sets the state of the life and keeps the marks. Under the lock of the stream. Release: see [`state`].
    pub(super) fn set_life(&self, life: u8) {
        let others = self.state.load(Ordering::Relaxed) & !state::LIFE;
        self.state.store(life | others, Ordering::Release);
    }

    /// Begins a life at this time. The start is stored first: a thread that sees the series live sees its start.
    pub(super) fn begin(&self, start: SystemTime) {
        self.set_start(start);
        self.set_life(state::LIVE);
    }

    /// Begins another life, whose start is later than that of the life before although the clock may stand still or go
    /// back.
    pub(super) fn begin_anew(&self, now: SystemTime) {
        let earlier = self.start() + Duration::from_nanos(1);
        self.begin(now.max(earlier));
    }

    pub(super) fn set_start(&self, start: SystemTime) {
        let since = start.duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.start.store(nanos, Ordering::Release);
    }

    /// Marks the series as retired; false if it was retired already. Under the lock of the stream.
    pub(super) fn mark_retired(&self) -> bool {
        self.state.fetch_or(state::RETIRED, Ordering::Relaxed) & state::RETIRED == 0
    }

    /// Removes the mark of retirement. Under the lock of the stream.
    pub(super) fn unmark_retired(&self) {
        self.state.fetch_and(!state::RETIRED, Ordering::Relaxed);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.state.load(Ordering::Acquire) & state::RETIRED != 0
    }

    /// Gives up the place of the series; false if it had none.
    pub(super) fn give_up_place(&self) -> bool {
        self.state.fetch_and(!state::PLACED, Ordering::Relaxed) & state::PLACED != 0
    }

    /// The time at which a collection last found another value; `None` if none did.
    pub(super) fn noted(&self) -> Option<SystemTime> {
        (self.changed.load(Ordering::Relaxed) != 0).then(|| self.changed())
    }

    /// Notes the value that a collection found.
    pub(super) fn note(&self, fingerprint: Fingerprint, time: SystemTime) {
        let seen = some_bits(fingerprint);
        if seen != self.seen.load(Ordering::Relaxed) || self.changed.load(Ordering::Relaxed) == 0 {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
            self.seen.store(seen, Ordering::Relaxed);
            self.changed.store(seconds, Ordering::Relaxed);
        }
        if self.meetings.load(Ordering::Relaxed) != 0 {
            self.meetings.store(0, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn extras(&self) -> Option<&Extras> {
        self.cell.extras()
    }

    pub(super) fn make_extras(&self, shape: &CellShape) -> &Extras {
        self.cell.make_extras(|| Extras {
            reservoir: ReservoirSlot::default(),
            delivery: Mutex::new(SeriesDelivery::new(shape)),
        })
    }

    /// The number of references that the table has: one per label order.
    pub(super) fn table_references(&self) -> usize {
        1 + usize::from(self.aliases())
    }

    /// The number of label orders in which the series is found besides the canonical one.
    pub(super) fn aliases(&self) -> u8 {
        (self.state.load(Ordering::Relaxed) & state::ALIASES) / state::ALIAS
    }

    /// Counts one more alias. Under the lock of the stream.
    pub(super) fn add_alias(&self) {
        self.state.fetch_add(state::ALIAS, Ordering::Relaxed);
    }

    /// True if there are references to a series besides those of the table and `others` more.
    pub(super) fn is_held(series: &Arc<Self>, others: usize) -> bool {
        Arc::strong_count(series) > series.table_references() + others
    }
}

/// Hashes a fingerprint to 16 bits, which differ between consecutive values.
fn some_bits(Fingerprint(count, sum): Fingerprint) -> u16 {
    ((count ^ sum).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as u16
}

impl HasLabels for Series {
    #[inline]
    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    #[inline]
    fn is_linked(&self) -> bool {
        self.life() != state::UNLINKED
    }
}
