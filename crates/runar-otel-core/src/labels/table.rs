//! A hash table of series: looked up without a lock, changed under a lock, and replaced as a whole when it grows or
//! loses series.

use std::sync::{Arc, OnceLock};

use super::{
    query::{Label, holds},
    set::LabelSet,
};
use crate::threads::sync::atomic::{AtomicU64, Ordering};

/// Slots of the smallest table, and entries of the first segment; each next segment has twice as many.
const FIRST: usize = 16;

/// The number of segments: enough for 2^27 entries.
const SEGMENTS: usize = 24;

/// Marks the slot of an alias.
const ALIAS: u64 = 1 << 31;

/// A value that is found by its label set.
pub(crate) trait HasLabels {
    /// The canonical labels.
    fn labels(&self) -> &LabelSet;
    /// False once the value has left the table, although a reader may still find it there.
    fn is_linked(&self) -> bool;
}

/// Series by hash.
#[derive(Debug)]
pub(crate) struct SeriesTable<S> {
    /// Half of the hash, and the number of the entry plus one; 0 is free. Linear probing, at most four of five slots
    /// are taken: a look-up then mostly reads one line of memory, and the table is half as large as with half of the
    /// slots. The price is a longer search where the table is nearly full (`benches/record`, *counter, 100,000 label
    /// sets*). Release publishes the entry.
    slots: Box<[AtomicU64]>,
    entries: Arc<TableEntries<S>>,
}

/// The entries in the order in which they came. A larger table shares those of the one before.
#[derive(Debug)]
pub(super) struct TableEntries<S> {
    series: Segments<Arc<S>>,
    aliases: Segments<LabelAlias<S>>,
}

/// Labels that lead to a series although they are not its own as they are: in another order, or with base labels.
#[derive(Debug)]
pub(super) struct LabelAlias<S> {
    pub(super) base: LabelSet,
    pub(super) packed: Box<str>,
    pub(super) series: Arc<S>,
}

impl<S> Clone for LabelAlias<S> {
    fn clone(&self) -> Self {
        Self {
            base: self.base.clone(),
            packed: self.packed.clone(),
            series: self.series.clone(),
        }
    }
}

/// A list that only grows, in pieces that stay where they are.
#[derive(Debug)]
struct Segments<T>([OnceLock<Box<[OnceLock<T>]>>; SEGMENTS]);

impl<T> Segments<T> {
    const fn new() -> Self {
        Self([const { OnceLock::new() }; SEGMENTS])
    }

    #[inline]
    fn get(&self, at: usize) -> Option<&T> {
        let (segment, place) = place(at);
        self.0.get(segment)?.get()?.get(place)?.get()
    }

    fn set(&self, at: usize, value: T) {
        let (segment, place) = place(at);
        let Some(segment_of) = self.0.get(segment) else {
            return;
        };
        let entries = segment_of.get_or_init(|| {
            std::iter::repeat_with(OnceLock::new)
                .take(FIRST << segment)
                .collect()
        });
        if let Some(entry) = entries.get(place) {
            let _ = entry.set(value);
        }
    }
}

/// Segment and place of an entry: 16 are in the first segment, 32 in the second one.
#[inline]
fn place(at: usize) -> (usize, usize) {
    let segment = ((at + FIRST) / FIRST).ilog2() as usize;
    (segment, at + FIRST - (FIRST << segment))
}

/// The number of entries in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) series: usize,
    pub(super) aliases: usize,
}

impl<S: HasLabels> SeriesTable<S> {
    /// Makes an empty table with room for so many entries.
    pub(super) fn with_room(entries: usize) -> Self {
        Self {
            slots: slots(slots_for(entries).next_power_of_two().max(FIRST)),
            entries: Arc::new(TableEntries {
                series: Segments::new(),
                aliases: Segments::new(),
            }),
        }
    }

    /// The series that these labels lead to, base labels included.
    #[inline]
    pub(super) fn find(
        &self,
        hash: u64,
        base: &LabelSet,
        labels: &[impl Label],
    ) -> Option<&Arc<S>> {
        let mut at = hash >> 32;
        loop {
            #[expect(clippy::cast_possible_truncation, reason = "masked")]
            let slot = self.slots.get(at as usize & (self.slots.len() - 1))?;
            let slot = slot.load(Ordering::Acquire);
            if slot == 0 {
                return None;
            }
            if slot >> 32 == hash >> 32
                && let Some(found) = self.matching(slot, base, labels)
            {
                return Some(found);
            }
            at += 1;
        }
    }

    #[inline]
    fn matching(&self, slot: u64, base: &LabelSet, labels: &[impl Label]) -> Option<&Arc<S>> {
        if slot & ALIAS != 0 {
            return self.matching_alias(slot, base, labels);
        }
        let series = self.entries.series.get(number(slot))?;
        let fits = base.is_empty() && holds(series.labels().bytes(), labels);
        (fits && series.is_linked()).then_some(series)
    }

    /// Compares the labels of an alias. Not inlined: then the comparison in `find`, which needs no alias, is; an
    /// alias costs a call (`tests/instructions`, *counter labels*).
    #[inline(never)]
    fn matching_alias(&self, slot: u64, base: &LabelSet, labels: &[impl Label]) -> Option<&Arc<S>> {
        let alias = self.entries.aliases.get(number(slot))?;
        let fits = holds(alias.packed.as_bytes(), labels) && alias.base == *base;
        (fits && alias.series.is_linked()).then_some(&alias.series)
    }

    /// The series with this number.
    #[inline]
    pub(super) fn series(&self, at: usize) -> Option<&Arc<S>> {
        self.entries.series.get(at)
    }

    /// True if so many entries and one more fit.
    pub(super) fn has_room(&self, counts: Counts) -> bool {
        self.slots.len() >= slots_for(counts.series + counts.aliases + 1)
    }

    /// Adds a series; there must be room.
    pub(super) fn put_series(&self, hash: u64, counts: &mut Counts, series: Arc<S>) {
        self.entries.series.set(counts.series, series);
        counts.series += 1;
        put(&self.slots, hash & !0xFFFF_FFFF | counts.series as u64);
    }

    /// Adds an alias; there must be room.
    pub(super) fn put_alias(&self, hash: u64, counts: &mut Counts, alias: LabelAlias<S>) {
        self.entries.aliases.set(counts.aliases, alias);
        counts.aliases += 1;
        put(
            &self.slots,
            hash & !0xFFFF_FFFF | ALIAS | counts.aliases as u64,
        );
    }

    /// Copies the entries into a table with twice the slots.
    pub(super) fn grown(&self) -> Self {
        let larger = slots(2 * self.slots.len());
        for slot in &self.slots {
            match slot.load(Ordering::Relaxed) {
                0 => {}
                taken => put(&larger, taken),
            }
        }
        Self {
            slots: larger,
            entries: self.entries.clone(),
        }
    }

    /// Copies those among the first entries whose series is still linked into a new table, in their order.
    pub(super) fn rebuilt(&self, first: Counts) -> (Self, Counts) {
        let mut series = vec![0; first.series];
        let mut aliases = vec![0; first.aliases];
        for slot in &self.slots {
            let slot = slot.load(Ordering::Acquire);
            let hashes = if slot & ALIAS == 0 {
                &mut series
            } else {
                &mut aliases
            };
            if slot != 0
                && let Some(hash) = hashes.get_mut(number(slot))
            {
                *hash = slot;
            }
        }
        let linked = |at: &usize| self.series(*at).is_some_and(|one| one.is_linked());
        let left = (0..first.series).filter(linked).count();
        let mut counts = Counts::default();
        let table = Self::with_room(left + first.aliases);
        for (at, hash) in series.into_iter().enumerate() {
            if let Some(series) = self.series(at).filter(|one| one.is_linked()) {
                table.put_series(hash, &mut counts, series.clone());
            }
        }
        for (at, hash) in aliases.into_iter().enumerate() {
            let alias = self.entries.aliases.get(at);
            if let Some(alias) = alias.filter(|alias| alias.series.is_linked()) {
                table.put_alias(hash, &mut counts, alias.clone());
            }
        }
        (table, counts)
    }
}

/// The least number of slots for so many entries.
fn slots_for(entries: usize) -> usize {
    (entries * 5).div_ceil(4)
}

fn slots(size: usize) -> Box<[AtomicU64]> {
    std::iter::repeat_with(|| AtomicU64::new(0))
        .take(size)
        .collect()
}

#[inline]
fn number(slot: u64) -> usize {
    ((slot & (ALIAS - 1)) as usize).wrapping_sub(1)
}

/// Puts an entry into the first free slot. Release publishes the entry.
fn put(slots: &[AtomicU64], entry: u64) {
    for at in (entry >> 32..).take(slots.len()) {
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        let Some(slot) = slots.get(at as usize & (slots.len() - 1)) else {
            return;
        };
        if slot.load(Ordering::Relaxed) == 0 {
            slot.store(entry, Ordering::Release);
            return;
        }
    }
}
