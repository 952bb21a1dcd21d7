//! Sums: one atomic, or one per stripe.

use super::meeting::Meeting;
use crate::{
    metric::number::{NumberKind, finite},
    threads::{
        stripe,
        sync::atomic::{AtomicU64, Ordering},
    },
};

/// A number by its bits.
pub(super) type Atomic = AtomicU64;

/// An atomic on a line of its own: neighbours 8 bytes apart cost 15 ns instead of 3 (64 apart). The price is 64 bytes per
/// stripe, for cells where threads met (`benches/record`, *counter, two threads*).
#[derive(Debug)]
#[repr(align(64))]
struct PaddedAtomic(Atomic);

/// Stripes of a sum: one atomic each, a power of two of them.
#[derive(Debug)]
pub(super) struct SumStripes(Box<[PaddedAtomic]>);

impl SumStripes {
    pub(super) fn new() -> Self {
        let stripes = std::iter::repeat_with(|| PaddedAtomic(Atomic::new(0)));
        Self(stripes.take(stripe::most()).collect())
    }

    /// Adds to the stripe of this thread; a thread that meets another one there moves on to the next.
    pub(super) fn add(&self, number: NumberKind, by: u64) {
        let mut at = stripe::index();
        while let Some(stripe) = self.at(at) {
            let known = stripe.load(Ordering::Relaxed);
            let next = plus(number, known, by);
            // AcqRel: see `add`.
            let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
            if stripe
                .compare_exchange(known, next, success, failure)
                .is_ok()
            {
                return;
            }
            at = stripe::move_on();
        }
    }

    /// The stripe of a thread. The number of stripes is a power of two: a mask takes the place of a division
    /// (`benches/record`, *counter, two threads*).
    #[inline]
    pub(super) fn at(&self, index: usize) -> Option<&Atomic> {
        let stripe = self.0.get(index & (self.0.len() - 1))?;
        Some(&stripe.0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Atomic> {
        self.0.iter().map(|stripe| &stripe.0)
    }
}

/// Adds to an atomic. A compare-exchange, because it saturates and shows whether another thread was met; that costs 0.3
/// to 1 ns more than `fetch_add`.
///
/// AcqRel, here and in [`take`]: a thread that retires a series marks it, then takes what is there; a thread that adds
/// looks at the mark afterwards. All-relaxed loses counts (`tests/model`).
#[inline]
pub(super) fn add(atomic: &Atomic, number: NumberKind, by: u64) -> Meeting {
    let known = atomic.load(Ordering::Relaxed);
    let next = plus(number, known, by);
    let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
    match atomic.compare_exchange(known, next, success, failure) {
        Ok(_) => Meeting::Nobody,
        Err(known) => add_again(atomic, number, known, by),
    }
}

/// Adds to an atomic that another thread has just changed. Cold: [`add`] then has no loop (`tests/instructions`,
/// *counter*).
#[cold]
fn add_again(atomic: &Atomic, number: NumberKind, mut known: u64, by: u64) -> Meeting {
    let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
    loop {
        let next = plus(number, known, by);
        match atomic.compare_exchange(known, next, success, failure) {
            Ok(_) => return Meeting::Somebody,
            Err(now) => known = now,
        }
    }
}

pub(super) fn load(atomic: &Atomic) -> u64 {
    atomic.load(Ordering::Acquire)
}

/// Reads by a write that changes nothing: a thread that adds later finds what was done before this, as after [`take`].
pub(super) fn read_by_write(atomic: &Atomic) -> u64 {
    atomic.fetch_add(0, Ordering::AcqRel)
}

pub(super) fn take(atomic: &Atomic) -> u64 {
    atomic.swap(0, Ordering::AcqRel)
}

/// Adds two numbers by their bits, and stops at the end of the type's range. 0 is 0 in all types.
#[inline]
pub(super) fn plus(number: NumberKind, one: u64, other: u64) -> u64 {
    match number {
        NumberKind::U64 => one.saturating_add(other),
        NumberKind::I64 => one
            .cast_signed()
            .saturating_add(other.cast_signed())
            .cast_unsigned(),
        NumberKind::F64 => finite(f64::from_bits(one) + f64::from_bits(other)).to_bits(),
    }
}
