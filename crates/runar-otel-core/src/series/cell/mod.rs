//! The cell of a series: the atomics that threads write and collectors read.
//!
//! Any thread writes at any time. Sums and histograms begin as plain atomics; where threads meet again and again they
//! get stripes, and each thread then writes to its own. A reader adds the stripes up.

mod buckets;
mod exponential;
mod level;
mod meeting;
mod shape;
mod sum;

use self::{
    buckets::{BucketStripes, Buckets},
    exponential::ExponentialParts,
    sum::SumStripes,
};
pub(crate) use self::{
    level::ActiveCall,
    meeting::{MEETINGS, Meeting},
    shape::{CellKind, CellShape},
};
use crate::series::value::{ExponentialHistogram, Histogram, Number};
use crate::{metric::number::NumberKind, threads::sync::OnceBox};

/// The memory of one series: 32 bytes, and the buckets of a histogram.
///
/// `R` is the type of the extras that few series have.
#[derive(Debug)]
pub(crate) struct Cell<R = ()> {
    base: CellBase,
    striped: OnceBox<CellStripes>,
    extras: OnceBox<R>,
}

/// The base of a cell: one atomic, or the part of a histogram. Separate variants, so that the pointer of the second one
/// distinguishes them without a tag: 8 bytes less per series (`benches/collect`, *memory*).
#[derive(Debug)]
enum CellBase {
    One(sum::Atomic),
    Buckets(Buckets),
}

/// The parts that a cell has besides its base.
#[derive(Debug)]
enum CellStripes {
    Sum(SumStripes),
    Buckets(BucketStripes),
    Exponential(ExponentialParts),
}

impl<R> Cell<R> {
    pub(crate) fn new(shape: &CellShape) -> Self {
        let base = match shape.kind {
            CellKind::Buckets => CellBase::Buckets(Buckets::new(shape.bounds.len())),
            _ => CellBase::One(sum::Atomic::new(0)),
        };
        let cell = Self {
            base,
            striped: OnceBox::new(),
            extras: OnceBox::new(),
        };
        if shape.kind == CellKind::Exponential {
            cell.set_stripes(CellStripes::Exponential(ExponentialParts::new()));
        }
        cell
    }

    #[inline]
    fn striped(&self) -> Option<&CellStripes> {
        self.striped.get()
    }

    /// True if there are no stripes.
    #[inline(always)]
    fn is_plain(&self) -> bool {
        self.striped.get().is_none()
    }

    fn set_stripes(&self, striped: CellStripes) {
        let _ = self.striped.set(Box::new(striped));
    }

    /// The extras, if the series has them.
    #[inline]
    pub(crate) fn extras(&self) -> Option<&R> {
        self.extras.get()
    }

    pub(crate) fn make_extras(&self, make: impl FnOnce() -> R) -> &R {
        self.extras.get_or_init(|| Box::new(make()))
    }

    /// Adds to a sum without stripes; `None` for any other cell.
    ///
    /// Inlined: the record of a handle is one function without a call (`benches/record`, *counter, handle*;
    /// `tests/instructions`, *counter*). The price is a copy of the code for each kind of record.
    #[inline(always)]
    pub(crate) fn add_at_once(&self, shape: &CellShape, bits: u64) -> Option<Meeting> {
        match &self.base {
            CellBase::One(base) if shape.kind.is_sum() && self.is_plain() => {
                Some(sum::add(base, shape.number, bits))
            }
            _ => None,
        }
    }

    /// Counts a value in a histogram without stripes; `None` for any other cell. Inlined like
    /// [`add_at_once`](Self::add_at_once) (`benches/record`, *histogram, handle*; `tests/instructions`, *histogram*).
    #[inline(always)]
    pub(crate) fn observe_at_once(&self, shape: &CellShape, bits: u64) -> Option<Meeting> {
        match &self.base {
            CellBase::Buckets(base) if self.is_plain() => {
                Some(base.add_value(&shape.bounds, shape.number.f64_of(bits)))
            }
            _ => None,
        }
    }

    /// Records a value of the shape's number type, by its bits.
    #[inline(always)]
    pub(crate) fn update(&self, shape: &CellShape, bits: u64) -> Meeting {
        match self.add_at_once(shape, bits) {
            Some(meeting) => meeting,
            None => self.update_otherwise(shape, bits),
        }
    }

    /// Records into any cell. Not inlined: callers carry the code of a sum without stripes alone, and every other cell
    /// costs a call (`benches/record`, *counter, two threads*; `tests/instructions`, *histogram labels*).
    #[inline(never)]
    pub(crate) fn update_otherwise(&self, shape: &CellShape, bits: u64) -> Meeting {
        let striped = self.striped();
        match (&self.base, striped) {
            (CellBase::Buckets(base), None) => {
                base.add_value(&shape.bounds, shape.number.f64_of(bits))
            }
            (CellBase::Buckets(_), Some(CellStripes::Buckets(striped))) => {
                striped.add_value(&shape.bounds, shape.number.f64_of(bits));
                Meeting::Nobody
            }
            (CellBase::One(_), Some(CellStripes::Sum(stripes)))
                if shape.kind == CellKind::Counter =>
            {
                stripes.add(shape.number, bits);
                Meeting::Nobody
            }
            (CellBase::One(base), _) => self.update_atomic(base, shape, bits),
            _ => Meeting::Nobody,
        }
    }

    /// Records into a single atomic, or into an exponential histogram, which is behind locks. Apart, so
    /// that these kinds do not lengthen [`update_otherwise`](Self::update_otherwise).
    #[inline(never)]
    fn update_atomic(&self, base: &sum::Atomic, shape: &CellShape, bits: u64) -> Meeting {
        match (shape.kind, self.striped()) {
            (CellKind::Exponential, Some(CellStripes::Exponential(parts))) => {
                parts.add_value(shape, shape.number.f64_of(bits));
            }
            (CellKind::UpDown, _) => {
                let _ = sum::add(base, shape.number, bits);
            }
            _ => self.set_level(bits),
        }
        Meeting::Nobody
    }

    /// Gives a sum or a histogram its stripes. Under the lock of the stream: stripes that come while a series retires
    /// would be missed.
    pub(crate) fn stripe(&self, shape: &CellShape) {
        let striped = match shape.kind {
            CellKind::Counter => CellStripes::Sum(SumStripes::new()),
            CellKind::Level if shape.number == NumberKind::F64 => {
                CellStripes::Sum(SumStripes::new())
            }
            CellKind::Buckets => CellStripes::Buckets(BucketStripes::new()),
            CellKind::Level | CellKind::UpDown | CellKind::Exponential => return,
        };
        self.set_stripes(striped);
    }

    /// The value of a sum or a level.
    pub(crate) fn number(&self, shape: &CellShape) -> Number {
        self.read_number(shape, sum::load)
    }

    /// Takes the value of a sum, which is 0 afterwards.
    pub(crate) fn take_number(&self, shape: &CellShape) -> Number {
        match shape.kind {
            CellKind::Counter | CellKind::UpDown => self.read_number(shape, sum::take),
            _ => self.number(shape),
        }
    }

    /// The value of a sum that also shrinks, before it retires: a change that is not in the value finds the mark that
    /// was set before.
    pub(crate) fn number_before_retiring(&self, shape: &CellShape) -> Number {
        self.read_number(shape, sum::read_by_write)
    }

    fn read_number(&self, shape: &CellShape, read: fn(&sum::Atomic) -> u64) -> Number {
        let CellBase::One(base) = &self.base else {
            return Number::U64(0);
        };
        let own = Number::of_bits(shape.number, read(base));
        match (shape.kind, self.striped()) {
            (CellKind::Counter, Some(CellStripes::Sum(stripes))) => {
                let more = stripes.iter().map(read);
                more.fold(own, |sum, bits| {
                    sum.plus(Number::of_bits(shape.number, bits))
                })
            }
            (CellKind::Level, Some(CellStripes::Sum(stripes))) => {
                Number::F64(own.as_f64() + level::active_calls(stripes))
            }
            _ => own,
        }
    }

    /// The value of a histogram with explicit buckets.
    pub(crate) fn histogram(&self, shape: &CellShape) -> Histogram {
        self.read_histogram(shape, Buckets::add_to)
    }

    /// Takes the value of a histogram. A measurement under way may have its count in this value, and its sum, minimum
    /// and maximum in the next one.
    pub(crate) fn take_histogram(&self, shape: &CellShape) -> Histogram {
        self.read_histogram(shape, Buckets::take_to)
    }

    fn read_histogram(&self, shape: &CellShape, read: buckets::PartReader) -> Histogram {
        let mut sums = buckets::BucketSums::new(&shape.bounds);
        if let CellBase::Buckets(base) = &self.base {
            read(base, &mut sums);
            if let Some(CellStripes::Buckets(striped)) = self.striped() {
                striped.iter().for_each(|part| read(part, &mut sums));
            }
        }
        sums.histogram(shape)
    }

    /// The value of an exponential histogram.
    pub(crate) fn exponential(&self, shape: &CellShape) -> ExponentialHistogram {
        match self.striped() {
            Some(CellStripes::Exponential(parts)) => parts.value(shape),
            _ => shape.empty_exponential(),
        }
    }

    /// Takes the value of an exponential histogram.
    pub(crate) fn take_exponential(&self, shape: &CellShape) -> ExponentialHistogram {
        match self.striped() {
            Some(CellStripes::Exponential(parts)) => parts.take(shape),
            _ => shape.empty_exponential(),
        }
    }

    /// Empties the cell of a sum or a histogram, whose value belonged to an earlier life.
    pub(crate) fn clear(&self, shape: &CellShape) {
        match shape.kind {
            CellKind::Counter | CellKind::UpDown => drop(self.take_number(shape)),
            CellKind::Buckets => self.each_part(|part| {
                part.swap_all(|_, _| {});
            }),
            CellKind::Exponential => drop(self.take_exponential(shape)),
            CellKind::Level => {}
        }
    }

    /// Replaces the value with a total that a callback observed.
    pub(crate) fn put(&self, bits: u64) {
        if let CellBase::One(base) = &self.base {
            base.store(bits, std::sync::atomic::Ordering::Release);
        }
    }

    /// Moves the whole value to another cell; false if it was empty.
    pub(crate) fn move_to(&self, other: &Self, shape: &CellShape) -> bool {
        match shape.kind {
            CellKind::Counter | CellKind::UpDown => {
                let taken = self.take_number(shape);
                let _ = other.update(shape, taken.bits());
                true
            }
            CellKind::Level => {
                other.set_level(self.number(shape).bits());
                true
            }
            CellKind::Buckets => self.move_buckets(other),
            CellKind::Exponential => {
                let taken = self.take_exponential(shape);
                if let Some(CellStripes::Exponential(parts)) = other.striped() {
                    parts.absorb(shape, &taken);
                }
                taken.count > 0
            }
        }
    }

    /// Moves count, sum and extremes one by one: a measurement under way may have only some of them here.
    fn move_buckets(&self, other: &Self) -> bool {
        let CellBase::Buckets(to) = &other.base else {
            return false;
        };
        let mut moved = false;
        self.each_part(|part| moved |= part.swap_all(|at, bits| to.add_at(at, bits)));
        moved
    }

    fn each_part(&self, mut usage: impl FnMut(&Buckets)) {
        if let CellBase::Buckets(base) = &self.base {
            usage(base);
        }
        if let Some(CellStripes::Buckets(striped)) = self.striped() {
            striped.iter().for_each(usage);
        }
    }
}
