//! Levels: last values that are set and adjusted, and calls under way.

use std::sync::atomic::Ordering;

use super::{Cell, CellBase, CellKind, CellShape, CellStripes, meeting::Meeting, sum};
use crate::{
    metric::number::{NumberKind, Value, finite},
    series::value::Number,
    threads::stripe,
};

/// The place where a call under way was counted. It is counted off there, so that no part is ever below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "a call that is counted has to be counted off"]
pub(crate) struct ActiveCall(u8);

impl<R> Cell<R> {
    /// Sets a level without stripes; `None` for any other cell. Inlined like [`add_at_once`](Self::add_at_once)
    /// (`benches/record`, *gauge, handle*; `tests/instructions`, *gauge*).
    #[inline(always)]
    pub(crate) fn set_at_once(&self, shape: &CellShape, bits: u64) -> Option<Meeting> {
        match &self.base {
            CellBase::One(base) if shape.kind == CellKind::Level && self.is_plain() => {
                base.store(bits, Ordering::Release);
                Some(Meeting::Nobody)
            }
            _ => None,
        }
    }

    /// Sets the value, in which calls under way stay counted.
    pub(super) fn set_level(&self, bits: u64) {
        let CellBase::One(base) = &self.base else {
            return;
        };
        let bits = match self.striped() {
            Some(CellStripes::Sum(stripes)) => {
                (f64::from_bits(bits) - active_calls(stripes)).to_bits()
            }
            _ => bits,
        };
        base.store(bits, Ordering::Release);
    }

    /// Takes the level with its calls under way; the level is 0 afterwards.
    pub(crate) fn take_level(&self, shape: &CellShape) -> Number {
        let CellBase::One(base) = &self.base else {
            return Number::of_bits(shape.number, 0);
        };
        let own = Number::of_bits(shape.number, sum::take(base));
        match self.striped() {
            Some(CellStripes::Sum(stripes)) => own.plus(Number::F64(calls(stripes, sum::take))),
            _ => own,
        }
    }

    /// Takes the level if it has this value; false if it has another one.
    pub(crate) fn take_level_of(&self, shape: &CellShape, level: Number) -> bool {
        let CellBase::One(base) = &self.base else {
            return false;
        };
        if self.is_plain() {
            let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
            return base
                .compare_exchange(level.bits(), 0, success, failure)
                .is_ok();
        }
        let same = self.number(shape).bits() == level.bits();
        if same {
            self.take_level(shape);
        }
        same
    }

    /// Adds to the value; a level of `u64` stops at 0.
    pub(crate) fn adjust(&self, number: NumberKind, by: Value) {
        let CellBase::One(base) = &self.base else {
            return;
        };
        let next = |bits| Some(adjusted(number, bits, by));
        let _ = base.fetch_update(Ordering::AcqRel, Ordering::Relaxed, next);
    }

    /// Counts a call that begins, in a level without stripes; `None` for any other cell. Inlined like
    /// [`add_at_once`](Self::add_at_once) (`tests/instructions`, *async call*).
    #[inline(always)]
    pub(crate) fn begin_at_once(&self, number: NumberKind) -> Option<Meeting> {
        match &self.base {
            CellBase::One(base) if self.is_plain() => Some(sum::add(base, number, one(number))),
            _ => None,
        }
    }

    /// Counts a call that begins, in the stripe of its thread: the stripes of a level are whole numbers of calls.
    pub(crate) fn begin_striped(&self) -> ActiveCall {
        let Some(CellStripes::Sum(stripes)) = self.striped() else {
            return ActiveCall(0);
        };
        let index = stripe::index() % stripe::most();
        if let Some(stripe) = stripes.at(index) {
            stripe.fetch_add(1, Ordering::AcqRel);
        }
        ActiveCall(u8::try_from(index + 1).unwrap_or(0))
    }

    /// Counts a call off that has ended, on any thread.
    #[inline]
    pub(crate) fn end(&self, number: NumberKind, ActiveCall(place): ActiveCall) {
        if place > 0 {
            self.end_striped(number, place);
        } else {
            self.end_plain(number);
        }
    }

    #[inline]
    fn end_plain(&self, number: NumberKind) {
        let CellBase::One(base) = &self.base else {
            return;
        };
        let minus = match number {
            NumberKind::F64 => (-1.0_f64).to_bits(),
            NumberKind::I64 => (-1_i64).cast_unsigned(),
            NumberKind::U64 => return self.adjust(number, Value::I64(-1)),
        };
        let _ = sum::add(base, number, minus);
    }

    /// Counts a call off that was counted in a stripe. Without stripes the provider has changed since the call began,
    /// and the level was carried over. Not inlined: the end of a call has the code of a plain level alone
    /// (`tests/instructions`, *async call*).
    #[inline(never)]
    fn end_striped(&self, number: NumberKind, place: u8) {
        let stripe = match self.striped() {
            Some(CellStripes::Sum(stripes)) => stripes.at(usize::from(place) - 1),
            _ => None,
        };
        match stripe {
            Some(stripe) => {
                stripe.fetch_sub(1, Ordering::AcqRel);
            }
            None => self.end_plain(number),
        }
    }
}

/// Adds up the calls that are counted in stripes. Only a level of doubles has them: one of whole numbers that stops at
/// 0 cannot be added up later.
pub(super) fn active_calls(stripes: &sum::SumStripes) -> f64 {
    calls(stripes, sum::load)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no process has 2^53 calls under way"
)]
fn calls(stripes: &sum::SumStripes, read: fn(&sum::Atomic) -> u64) -> f64 {
    let calls = stripes.iter().map(read).fold(0, u64::wrapping_add);
    calls.cast_signed() as f64
}

#[inline]
fn one(number: NumberKind) -> u64 {
    match number {
        NumberKind::F64 => 1.0_f64.to_bits(),
        NumberKind::I64 | NumberKind::U64 => 1,
    }
}

fn adjusted(number: NumberKind, bits: u64, by: Value) -> u64 {
    match number {
        NumberKind::F64 => finite(f64::from_bits(bits) + by.as_f64()).to_bits(),
        NumberKind::I64 => bits
            .cast_signed()
            .saturating_add(by.as_i64())
            .cast_unsigned(),
        NumberKind::U64 if by.is_negative() => bits.saturating_sub(by.negated().as_u64()),
        NumberKind::U64 => bits.saturating_add(by.as_u64()),
    }
}
