//! Histograms with explicit buckets: plain atomics, the count is the sum of the buckets.

use std::sync::Arc;

use super::{CellShape, meeting::Meeting};
use crate::{
    metric::number::finite,
    series::value::Histogram,
    threads::{
        stripe,
        sync::{
            OnceBox,
            atomic::{AtomicU64, Ordering},
        },
    },
};

/// Sum, minimum and maximum, which come before the buckets.
const SUM: usize = 0;
const MIN: usize = 1;
const MAX: usize = 2;
const BUCKETS: usize = 3;

/// The number of times that a reader looks again while the count moves.
const TRIES: usize = 8;

/// A part of a histogram: sum, minimum and maximum as the bits of doubles, then the bucket counts.
#[derive(Debug)]
pub(super) struct Buckets(Box<[AtomicU64]>);

/// The parts of a striped histogram; each is made when a thread first writes there.
#[derive(Debug)]
pub(super) struct BucketStripes(Box<[OnceBox<Buckets>]>);

/// Adds the values of a part to a sum of parts.
pub(super) type PartReader = fn(&Buckets, &mut BucketSums);

impl Buckets {
    pub(super) fn new(bounds: usize) -> Self {
        let extremes = [0.0, f64::INFINITY, f64::NEG_INFINITY].map(f64::to_bits);
        let buckets = std::iter::repeat_n(0, bounds + 1);
        Self(
            extremes
                .into_iter()
                .chain(buckets)
                .map(AtomicU64::new)
                .collect(),
        )
    }

    /// Counts a value. The bucket comes first and the sum second, with Release: a reader that sees the sum sees the
    /// count.
    #[inline]
    pub(super) fn add_value(&self, bounds: &[f64], value: f64) -> Meeting {
        // As many comparisons as there are bounds, without a branch that is guessed wrong; the price grows with the number
        // of bounds (`benches/record`, *histogram, handle*; `tests/instructions`, *histogram*).
        let at: usize = bounds.iter().map(|bound| usize::from(*bound < value)).sum();
        let [sum, min, max, buckets @ ..] = &*self.0 else {
            return Meeting::Nobody;
        };
        if let Some(bucket) = buckets.get(at) {
            bucket.fetch_add(1, Ordering::AcqRel);
        }
        let mut meeting = Meeting::Nobody;
        let mut known = sum.load(Ordering::Relaxed);
        loop {
            let next = finite(f64::from_bits(known) + value).to_bits();
            match sum.compare_exchange(known, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => {
                    known = now;
                    meeting = Meeting::Somebody;
                }
            }
        }
        if value < f64::from_bits(min.load(Ordering::Relaxed)) {
            replace(min, value, |value, known| value < known);
        }
        if value > f64::from_bits(max.load(Ordering::Relaxed)) {
            replace(max, value, |value, known| value > known);
        }
        meeting
    }

    fn buckets(&self) -> &[AtomicU64] {
        self.0.get(BUCKETS..).unwrap_or_default()
    }

    fn real(&self, at: usize) -> f64 {
        self.0
            .get(at)
            .map_or(0.0, |bits| f64::from_bits(bits.load(Ordering::Acquire)))
    }

    /// Copies the counts. Returns their sum.
    fn copy_counts(&self, to: &mut Vec<u64>) -> u64 {
        to.clear();
        to.extend(self.buckets().iter().map(|one| one.load(Ordering::Acquire)));
        to.iter().fold(0, |sum, one| sum.saturating_add(*one))
    }

    /// Reads the part: the sum, then the buckets, until the count stands still. Sum and count may then still differ by
    /// the measurements under way, one per thread.
    pub(super) fn add_to(&self, sums: &mut BucketSums) {
        let mut copied = std::mem::take(&mut sums.copied);
        let mut before = u64::MAX;
        let mut reals = (0.0, 0.0, 0.0);
        for _ in 0..TRIES {
            reals = (self.real(SUM), self.real(MIN), self.real(MAX));
            let count = self.copy_counts(&mut copied);
            if count == before {
                break;
            }
            before = count;
        }
        sums.counts(copied.iter().copied());
        sums.reals(reals.0, reals.1, reals.2);
        sums.copied = copied;
    }

    /// Takes the part, which is empty afterwards. The counts come first: the sum of a measurement under way may stay
    /// for the next time.
    pub(super) fn take_to(&self, sums: &mut BucketSums) {
        sums.counts(self.buckets().iter().map(|one| take(one, 0)));
        let real = |at: usize, empty: f64| {
            let atomic = self.0.get(at);
            atomic.map_or(empty, |bits| f64::from_bits(take(bits, empty.to_bits())))
        };
        sums.reals(
            real(SUM, 0.0),
            real(MIN, f64::INFINITY),
            real(MAX, f64::NEG_INFINITY),
        );
    }
}

impl Buckets {
    /// Takes each atomic that is not zero, and passes it on with its place; false if all were zero.
    pub(super) fn swap_all(&self, mut taken: impl FnMut(usize, u64)) -> bool {
        let mut some = false;
        for (at, atomic) in self.0.iter().enumerate() {
            let empty = match at {
                MIN => f64::INFINITY.to_bits(),
                MAX => f64::NEG_INFINITY.to_bits(),
                _ => 0,
            };
            let bits = take(atomic, empty);
            if bits != empty {
                some = true;
                taken(at, bits);
            }
        }
        some
    }

    /// Adds a value taken from the same place of another part.
    pub(super) fn add_at(&self, at: usize, bits: u64) {
        let Some(atomic) = self.0.get(at) else { return };
        let value = f64::from_bits(bits);
        match at {
            SUM => {
                let next = |known| Some(finite(f64::from_bits(known) + value).to_bits());
                let _ = atomic.fetch_update(Ordering::AcqRel, Ordering::Relaxed, next);
            }
            MIN => replace(atomic, value, |value, known| value < known),
            MAX => replace(atomic, value, |value, known| value > known),
            _ => {
                atomic.fetch_add(bits, Ordering::AcqRel);
            }
        }
    }
}

/// Takes the value of an atomic. Also of one that seems empty: a thread that adds to it later has to find the mark of a
/// retirement, and a plain load would not guarantee that.
fn take(atomic: &AtomicU64, empty: u64) -> u64 {
    atomic.swap(empty, Ordering::AcqRel)
}

/// Replaces an extreme. Cold: most values are none, and [`Buckets::add_value`] then compares twice and writes nothing
/// (`tests/instructions`, *histogram*).
#[cold]
fn replace(extreme: &AtomicU64, value: f64, beats: fn(f64, f64) -> bool) {
    let next = |known| beats(value, f64::from_bits(known)).then(|| value.to_bits());
    let _ = extreme.fetch_update(Ordering::AcqRel, Ordering::Relaxed, next);
}

impl BucketStripes {
    pub(super) fn new() -> Self {
        let none = std::iter::repeat_with(OnceBox::new);
        Self(none.take(stripe::most()).collect())
    }

    /// Counts a value in the part of this thread; a thread that meets another one there moves on. Threads do not share a
    /// line of memory then; the price is a part per thread, each with all buckets (`benches/record`, *histogram, two
    /// threads*). Not inlined: the code of a histogram without stripes stays short.
    #[inline(never)]
    pub(super) fn add_value(&self, bounds: &[f64], value: f64) {
        let index = stripe::index() & (self.0.len() - 1);
        let Some(part) = self.0.get(index) else {
            return;
        };
        let part = part.get_or_init(|| Box::new(Buckets::new(bounds.len())));
        if part.add_value(bounds, value) == Meeting::Somebody {
            stripe::move_on();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Buckets> {
        self.0.iter().filter_map(OnceBox::get)
    }
}

/// The sum over all parts of a histogram.
#[derive(Debug)]
pub(super) struct BucketSums {
    counts: Vec<u64>,
    sum: f64,
    min: f64,
    max: f64,
    /// Room for the counts of one part.
    copied: Vec<u64>,
}

impl BucketSums {
    pub(super) fn new(bounds: &[f64]) -> Self {
        Self {
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            copied: Vec::with_capacity(bounds.len() + 1),
        }
    }

    fn counts(&mut self, counts: impl Iterator<Item = u64>) {
        for (sum, more) in self.counts.iter_mut().zip(counts) {
            *sum = sum.saturating_add(more);
        }
    }

    fn reals(&mut self, sum: f64, min: f64, max: f64) {
        self.sum = finite(self.sum + sum);
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    pub(super) fn histogram(self, shape: &CellShape) -> Histogram {
        let count = self
            .counts
            .iter()
            .fold(0_u64, |sum, one| sum.saturating_add(*one));
        let known = |extreme: f64| Some(extreme).filter(|one| one.is_finite());
        Histogram {
            count,
            sum: shape.has_sum.then_some(self.sum),
            min: known(self.min),
            max: known(self.max),
            bounds: Arc::clone(&shape.bounds),
            // Without bounds only count and sum are kept.
            counts: if shape.bounds.is_empty() {
                Vec::new()
            } else {
                self.counts
            },
        }
    }
}
