//! Places: label sets that get a series of their own.
//!
//! | what | how many | who says so |
//! |---|---|---|
//! | a metric | 2000 label sets | `Builder::cardinality_limit` |
//! | a metric of metered functions | 2000 label sets per function (per service, for published events) | the same |
//! | a metric that a view limits | as many as the view says, all functions together | `View::limit` |
//! | all metrics of the process | 200,000, or the largest limit if that is more | `Builder::series_ceiling` |
//!
//! A set without labels, and one of metered functions with no label but those of the table, takes no place.

use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::labels::LabelSet;

/// The most label sets of all metrics of a process, unless a limit is higher.
pub const DEFAULT_CEILING: usize = 200_000;

/// The number of series in the process that take a place, and the most that may.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static CEILING: AtomicUsize = AtomicUsize::new(DEFAULT_CEILING);

/// Sets the most label sets that all metrics of the process may have together (default [`DEFAULT_CEILING`]).
pub fn set_ceiling(most: usize) {
    CEILING.store(most, Ordering::Relaxed);
}

/// Raises the ceiling if a limit is higher.
pub(crate) fn ceiling_of_at_least(limit: usize) {
    CEILING.fetch_max(limit, Ordering::Relaxed);
}

/// The most label sets that all metrics of the process may have together.
pub(crate) fn ceiling() -> usize {
    CEILING.load(Ordering::Relaxed)
}

pub(super) fn process_is_full() -> bool {
    TAKEN.load(Ordering::Relaxed) >= ceiling()
}

fn take_of_process() -> bool {
    let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
    let more = |taken| (taken < ceiling()).then_some(taken + 1);
    TAKEN.fetch_update(success, failure, more).is_ok()
}

/// Gives places back, but never below 0: a wrapped count would grant no place any more.
fn give_back_to_process(count: usize) {
    let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
    let less = |taken: usize| Some(taken.saturating_sub(count));
    let _ = TAKEN.fetch_update(success, failure, less);
}

/// The places taken in a stream. Changed under its lock.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: usize,
    /// Places taken per function, in streams that functions share.
    of_functions: HashMap<LabelSet, usize>,
}

impl Drop for Places {
    fn drop(&mut self) {
        give_back_to_process(self.taken);
    }
}

/// The reason that a label set gets no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// The limit of the function with these labels; without labels, that of the whole metric.
    Limit(LabelSet),
    /// The limit of the process.
    Ceiling,
}

impl Places {
    pub(super) fn take(&mut self, function: LabelSet, limit: usize) -> Result<(), NoPlace> {
        let shared = !function.is_empty();
        let taken = match shared {
            true => self.taken_by(&function),
            false => self.taken,
        };
        if taken >= limit {
            return Err(NoPlace::Limit(function));
        }
        if !take_of_process() {
            return Err(NoPlace::Ceiling);
        }
        self.taken += 1;
        if shared {
            self.of_functions.insert(function, taken + 1);
        }
        Ok(())
    }

    pub(super) fn give_back(&mut self, function: &LabelSet) {
        self.taken = self.taken.saturating_sub(1);
        give_back_to_process(1);
        if let Some(taken) = self.of_functions.get_mut(function) {
            *taken = taken.saturating_sub(1);
        }
    }

    pub(super) fn taken_by(&self, function: &LabelSet) -> usize {
        self.of_functions.get(function).copied().unwrap_or(0)
    }

    /// Returns the number of functions that are at their limit; of a metric that functions do not share, 1 if it is at
    /// its limit.
    pub(super) fn at_limit(&self, limit: usize) -> usize {
        if self.of_functions.is_empty() {
            return usize::from(self.taken >= limit);
        }
        let full = self.of_functions.values().filter(|taken| **taken >= limit);
        full.count()
    }
}

/// The number of full functions that a stream remembers. Other functions are looked up under the lock.
const REMEMBERED: usize = 64;

/// Limits known to be reached, for a record that may not wait. Written under the lock of the stream; a record that
/// reads an old value looks again there.
#[derive(Debug, Default)]
pub(super) struct ReachedLimits {
    pub(super) all: AtomicBool,
    /// Full functions by the base labels of handles: the hash that look-ups start with. So a record beyond the limit
    /// takes no lock (`benches/instructions`, *async call beyond*). The price is 512
    /// bytes per stream whose functions reach a limit; of two functions in one place one is remembered.
    functions: OnceLock<Box<[AtomicU64; REMEMBERED]>>,
}

impl ReachedLimits {
    fn place(&self, start: u64) -> Option<&AtomicU64> {
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        self.functions.get()?.get(start as usize & (REMEMBERED - 1))
    }

    pub(super) fn knows(&self, start: u64) -> bool {
        let known = self.place(start);
        known.is_some_and(|known| known.load(Ordering::Relaxed) == start)
    }

    pub(super) fn remember(&self, start: u64) {
        let fresh = || Box::new([const { AtomicU64::new(0) }; REMEMBERED]);
        self.functions.get_or_init(fresh);
        if let Some(place) = self.place(start) {
            place.store(start, Ordering::Relaxed);
        }
    }

    pub(super) fn forget(&self) {
        self.all.store(false, Ordering::Relaxed);
        for place in self.functions.get().into_iter().flat_map(|all| all.iter()) {
            place.store(0, Ordering::Relaxed);
        }
    }
}

/// The reason that the first label set got no place. The recording thread notes it, a collecting one reports it.
#[derive(Debug, Default)]
pub(super) struct FirstOverflow(OnceLock<NoPlace>);

impl FirstOverflow {
    /// The reason that was noted; `None` if every label set got a place.
    pub(super) fn reason(&self) -> Option<&NoPlace> {
        self.0.get()
    }

    pub(super) fn note(&self, reason: NoPlace) {
        let _ = self.0.set(reason);
    }
}
