//! Numbers: sums and last values.

use super::{Aggregate, Fingerprint};
use crate::{
    exemplar::{Exemplar, retention},
    metric::number::{NumberKind, Value, finite},
};

/// A number in the type in which it was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Recorded as `u64`.
    U64(u64),
    /// Recorded as `i64`.
    I64(i64),
    /// Recorded as `f64`.
    F64(f64),
}

impl Number {
    /// Converts to `f64`, rounded if the value has no exact one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rounding is what the name says")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::U64(value) => value as f64,
            Self::I64(value) => value as f64,
            Self::F64(value) => value,
        }
    }

    pub(crate) fn of_bits(number: NumberKind, bits: u64) -> Self {
        match number {
            NumberKind::U64 => Self::U64(bits),
            NumberKind::I64 => Self::I64(bits.cast_signed()),
            NumberKind::F64 => Self::F64(f64::from_bits(bits)),
        }
    }

    /// Converts to another number type, rounded to a value of that type.
    pub(crate) fn to(self, number: NumberKind) -> Self {
        Self::of_bits(number, self.value().bits(number))
    }

    pub(crate) fn value(self) -> Value {
        match self {
            Self::U64(value) => Value::U64(value),
            Self::I64(value) => Value::I64(value),
            Self::F64(value) => Value::f64(value),
        }
    }

    pub(crate) fn bits(self) -> u64 {
        match self {
            Self::U64(value) => value,
            Self::I64(value) => value.cast_unsigned(),
            Self::F64(value) => value.to_bits(),
        }
    }

    /// Adds another number and stops at the end of the type's range; numbers of two types are added as `f64`. A double
    /// never becomes infinite: the difference of two infinite totals would be no number.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::U64(one), Self::U64(other)) => Self::U64(one.saturating_add(other)),
            (Self::I64(one), Self::I64(other)) => Self::I64(one.saturating_add(other)),
            (one, other) => Self::F64(finite(finite(one.as_f64()) + finite(other.as_f64()))),
        }
    }

    /// Subtracts the number before: exact as long as the type holds the difference, else as `f64`.
    pub(crate) fn minus(self, before: Self) -> Self {
        let exact = match (self, before) {
            (Self::U64(one), Self::U64(other)) => one.checked_sub(other).map(Self::U64),
            (Self::I64(one), Self::I64(other)) => one.checked_sub(other).map(Self::I64),
            _ => None,
        };
        exact.unwrap_or_else(|| Self::F64(finite(finite(self.as_f64()) - finite(before.as_f64()))))
    }

    pub(crate) fn is_less(self, other: Self) -> bool {
        match (self, other) {
            (Self::U64(one), Self::U64(other)) => one < other,
            (Self::I64(one), Self::I64(other)) => one < other,
            (one, other) => one.as_f64() < other.as_f64(),
        }
    }

    pub(crate) fn is_finite(self) -> bool {
        self.as_f64().is_finite()
    }

    pub(crate) fn is_zero(self) -> bool {
        match self {
            Self::U64(value) => value == 0,
            Self::I64(value) => value == 0,
            Self::F64(value) => value == 0.0,
        }
    }
}

impl Aggregate for Number {
    fn absorb(&mut self, later: &Self, _: usize) {
        *self = self.plus(*later);
    }

    fn is_nothing(&self) -> bool {
        self.is_zero()
    }

    fn counts(&self, _: f64) -> bool {
        true
    }

    fn keep(&self, kept: &mut Vec<Exemplar>, collected: Vec<Exemplar>) {
        let most = collected.len().min(retention::MOST_PER_NUMBER);
        retention::keep_newest(kept, collected, most);
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(0, self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stop_at_the_end_of_their_type() {
        let total = Number::U64(u64::MAX - 1).plus(Number::U64(5));
        assert_eq!(total, Number::U64(u64::MAX));
        let total = Number::I64(i64::MIN + 1).plus(Number::I64(-5));
        assert_eq!(total, Number::I64(i64::MIN));
        let most = Number::F64(f64::MAX);
        assert_eq!(most.plus(most), most);
        assert_eq!(Number::F64(f64::INFINITY).minus(most), Number::F64(0.0));
    }

    #[test]
    fn a_change_of_type_goes_on_in_f64() {
        let total = Number::U64(2).plus(Number::F64(0.5));
        assert_eq!(total, Number::F64(2.5));
        assert_eq!(total.minus(Number::U64(2)), Number::F64(0.5));
    }

    #[test]
    fn numbers_of_one_type_compare_exactly() {
        assert!(Number::U64(3).is_less(Number::U64(10)));
        assert!(Number::I64(-3).is_less(Number::I64(10)));
        assert!(Number::F64(9.5).is_less(Number::U64(10)));
        assert!(!Number::U64(10).is_less(Number::U64(10)));
    }

    #[test]
    fn differences_are_exact_as_long_as_their_type_holds_them() {
        let most = Number::U64(u64::MAX);
        assert_eq!(most.minus(Number::U64(1)), Number::U64(u64::MAX - 1));
        assert_eq!(Number::I64(-3).minus(Number::I64(10)), Number::I64(-13));
        assert_eq!(Number::U64(3).minus(Number::U64(10)), Number::F64(-7.0));
        let wide = Number::I64(i64::MAX).minus(Number::I64(i64::MIN));
        assert_eq!(wide, Number::F64(2_f64.powi(64)));
    }
}
