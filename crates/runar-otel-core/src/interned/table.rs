//! A hash table that only grows: entries are found without a lock and stay where they are.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Slots of the first level, and twice the entries of the first segment; each next one has twice as many.
const FIRST: usize = 16;

/// Enough for 2^27 entries.
const LEVELS: usize = 24;

/// Entries by hash. The table compares nothing: who looks something up tells whether an entry is the one.
#[derive(Debug)]
pub(super) struct Table<T> {
    /// Where the entries are, by hash with linear probing: each level is a copy of the one before, with twice the slots.
    /// A reader of an old level finds all that was there when it began; what it misses it finds under the lock.
    levels: [OnceLock<Box<[AtomicU64]>>; LEVELS],
    /// The level that is complete. Release publishes its slots.
    level: AtomicUsize,
    /// The entries in the order of their making.
    segments: [OnceLock<Box<[OnceLock<T>]>>; LEVELS],
    /// How many there are. Only one thread at a time adds.
    count: Mutex<usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            levels: [const { OnceLock::new() }; LEVELS],
            level: AtomicUsize::new(0),
            segments: [const { OnceLock::new() }; LEVELS],
            count: Mutex::new(0),
        }
    }
}

impl<T> Table<T> {
    /// An entry of this hash.
    #[inline]
    pub(super) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&T> {
        let slots = self.levels.get(self.level.load(Ordering::Acquire))?.get()?;
        let mut at = position(hash);
        loop {
            let slot = slots.get(at & (slots.len() - 1))?.load(Ordering::Acquire);
            if slot == 0 {
                return None;
            }
            if slot >> 32 == hash >> 32
                && let Some(entry) = self.entry(slot)
                && is(entry)
            {
                return Some(entry);
            }
            at += 1;
        }
    }

    /// The same, made if there is none and there are fewer than `limit`. Making must not come back here.
    pub(super) fn find_or_make(
        &self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        limit: usize,
        make: impl FnOnce() -> T,
    ) -> Option<&T> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.find(hash, is) {
            return Some(found);
        }
        if *count >= limit {
            return None;
        }
        let slots = self.slots_for(*count + 1)?;
        let (segment, place) = place(*count);
        let entries = self.segments.get(segment)?.get_or_init(|| {
            let empty = || OnceLock::new();
            std::iter::repeat_with(empty)
                .take((FIRST / 2) << segment)
                .collect()
        });
        let entry = entries.get(place)?.get_or_init(make);
        *count += 1;
        put(slots, hash & !0xFFFF_FFFF | *count as u64);
        Some(entry)
    }

    /// The slots to add an entry to, at most half of them taken by so many.
    fn slots_for(&self, count: usize) -> Option<&[AtomicU64]> {
        let empty = |level| -> Box<[AtomicU64]> {
            let none = || AtomicU64::new(0);
            std::iter::repeat_with(none).take(FIRST << level).collect()
        };
        let mut level = self.level.load(Ordering::Relaxed);
        let mut slots = self.levels.get(level)?.get_or_init(|| empty(level));
        while slots.len() < 2 * count {
            let larger = self.levels.get(level + 1)?.get_or_init(|| empty(level + 1));
            for slot in slots {
                match slot.load(Ordering::Relaxed) {
                    0 => {}
                    taken => put(larger, taken),
                }
            }
            level += 1;
            slots = larger;
            self.level.store(level, Ordering::Release);
        }
        Some(slots)
    }

    /// The entry that a slot leads to.
    #[inline]
    fn entry(&self, slot: u64) -> Option<&T> {
        let (segment, place) = place((slot & 0xFFFF_FFFF) as usize - 1);
        self.segments.get(segment)?.get()?.get(place)?.get()
    }
}

/// Where to begin. A slot has the same half of the hash, and so can be put elsewhere.
#[inline]
fn position(slot: u64) -> usize {
    (slot >> 32) as usize
}

/// Puts an entry into the first free slot. Release publishes the entry.
fn put(slots: &[AtomicU64], entry: u64) {
    let start = position(entry);
    let places = (0..slots.len()).map(|step| (start + step) & (slots.len() - 1));
    let free = places
        .filter_map(|place| slots.get(place))
        .find(|slot| slot.load(Ordering::Relaxed) == 0);
    if let Some(free) = free {
        free.store(entry, Ordering::Release);
    }
}

/// Segment and place of an entry: 8 are in the first segment, 16 in the second one.
#[inline]
fn place(at: usize) -> (usize, usize) {
    let first = FIRST / 2;
    let segment = ((at + first) / first).ilog2() as usize;
    (segment, at + first - (first << segment))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entries_fill_their_segments() {
        let places: Vec<_> = [0, 7, 8, 23, 24, 55, 56].into_iter().map(place).collect();
        assert_eq!(
            places,
            [(0, 0), (0, 7), (1, 0), (1, 15), (2, 0), (2, 31), (3, 0)]
        );
    }

    #[test]
    fn beyond_the_limit_nothing_is_made() {
        let table = Table::default();
        let known = |one: u64| {
            let found = table.find_or_make(one << 32, |known| *known == one, 2, || one);
            found.copied()
        };
        assert_eq!([1, 2, 3, 1].map(known), [Some(1), Some(2), None, Some(1)]);
    }

    #[test]
    fn readers_find_what_was_there_while_it_grows() {
        const ALL: u64 = if cfg!(miri) { 60 } else { 5_000 };
        let (table, added, over) = (Table::default(), AtomicU64::new(0), AtomicBool::new(false));
        let hash = |one: u64| one.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..3)
                .map(|seed| {
                    let (table, added, over) = (&table, &added, &over);
                    scope.spawn(move || {
                        let mut random = fastrand::Rng::with_seed(seed);
                        while !over.load(Ordering::Relaxed) {
                            let known = added.load(Ordering::Acquire);
                            let one = random.u64(0..=known);
                            let found = table.find(hash(one), |entry| *entry == one).copied();
                            assert!(one == known || found == Some(one));
                        }
                    })
                })
                .collect();
            for one in 0..ALL {
                let made = table.find_or_make(hash(one), |entry| *entry == one, usize::MAX, || one);
                assert_eq!(made, Some(&one));
                added.store(one + 1, Ordering::Release);
            }
            over.store(true, Ordering::Relaxed);
            readers
                .into_iter()
                .for_each(|reader| reader.join().unwrap());
        });
    }

    proptest! {
        /// Few hashes, so that many entries share one.
        #[test]
        fn each_entry_is_made_once_and_found(entries in prop::collection::vec((0_u64..9, 0_u8..40), 0..300)) {
            let table = Table::default();
            let mut known: Vec<(u64, u8)> = Vec::new();
            for entry in entries {
                let hash = entry.0 << 32 | u64::from(entry.1);
                let found = table.find(hash, |other| *other == entry).copied();
                prop_assert_eq!(found, known.contains(&entry).then_some(entry));
                let made = table.find_or_make(hash, |other| *other == entry, usize::MAX, || entry);
                prop_assert_eq!(made, Some(&entry));
                if found.is_none() {
                    known.push(entry);
                }
            }
            prop_assert_eq!(*table.count.lock().unwrap(), known.len());
        }
    }
}
