//! Numbers: sums and last values.

use runar_otel_core::exemplar::Exemplar;

use super::{
    accumulate::{Accumulate, Combine, Rule},
    exemplars,
};
use crate::snapshot::Number;

impl Accumulate for Number {
    fn conform(&mut self, _rule: &mut Rule) {}

    fn absorb(&mut self, newer: &Self, rule: &Rule) {
        *self = match rule.combine {
            Combine::Last => *newer,
            Combine::Add => sum(*self, *newer),
        };
    }

    fn is_reset(&self, before: &Self, rule: &Rule) -> bool {
        rule.monotonic && is_less(*self, *before)
    }

    fn minus(&self, before: &Self) -> Self {
        let exact = match (*self, *before) {
            (Self::U64(one), Self::U64(other)) => one.checked_sub(other).map(Self::U64),
            (Self::I64(one), Self::I64(other)) => one.checked_sub(other).map(Self::I64),
            _ => None,
        };
        exact.unwrap_or_else(|| Self::F64(self.as_f64() - before.as_f64()))
    }

    fn is_nothing(&self) -> bool {
        match *self {
            Self::U64(value) => value == 0,
            Self::I64(value) => value == 0,
            Self::F64(value) => value == 0.0,
        }
    }

    fn counts(&self, _measurement: f64) -> bool {
        true
    }

    fn keep(&self, kept: &mut Vec<Exemplar>, delivered: Vec<Exemplar>) {
        let most = delivered.len().min(exemplars::MOST_PER_NUMBER);
        exemplars::keep_newest(kept, delivered, most);
    }
}

/// The sum, at the end of the type's range instead of beyond it; of two types as `f64`.
fn sum(one: Number, other: Number) -> Number {
    match (one, other) {
        (Number::U64(one), Number::U64(other)) => Number::U64(one.saturating_add(other)),
        (Number::I64(one), Number::I64(other)) => Number::I64(one.saturating_add(other)),
        (one, other) => Number::F64(one.as_f64() + other.as_f64()),
    }
}

fn is_less(one: Number, other: Number) -> bool {
    match (one, other) {
        (Number::U64(one), Number::U64(other)) => one < other,
        (Number::I64(one), Number::I64(other)) => one < other,
        (one, other) => one.as_f64() < other.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(monotonic: bool) -> Rule {
        Rule {
            combine: Combine::Add,
            monotonic,
            max_size: 160,
            bounds: None,
        }
    }

    fn added(mut total: Number, newer: Number) -> Number {
        total.absorb(&newer, &rule(true));
        total
    }

    #[test]
    fn sums_stop_at_the_end_of_their_type() {
        let total = added(Number::U64(u64::MAX - 1), Number::U64(5));
        assert_eq!(total, Number::U64(u64::MAX));
        let total = added(Number::I64(i64::MIN + 1), Number::I64(-5));
        assert_eq!(total, Number::I64(i64::MIN));
    }

    #[test]
    fn a_change_of_type_goes_on_in_f64() {
        let total = added(Number::U64(2), Number::F64(0.5));
        assert_eq!(total, Number::F64(2.5));
        assert_eq!(total.minus(&Number::U64(2)), Number::F64(0.5));
    }

    #[test]
    fn only_a_monotonic_value_that_fell_was_reset() {
        let pairs = [
            (Number::U64(10), Number::U64(3)),
            (Number::I64(10), Number::I64(-3)),
            (Number::F64(10.0), Number::F64(3.0)),
            (Number::U64(10), Number::F64(9.5)),
        ];
        for (before, now) in pairs {
            assert!(now.is_reset(&before, &rule(true)));
            assert!(!now.is_reset(&before, &rule(false)));
            assert!(!before.is_reset(&now, &rule(true)));
            assert!(!now.is_reset(&now, &rule(true)));
        }
    }

    #[test]
    fn differences_are_exact_as_long_as_their_type_holds_them() {
        let most = Number::U64(u64::MAX);
        assert_eq!(most.minus(&Number::U64(1)), Number::U64(u64::MAX - 1));
        let fell = Number::I64(-3).minus(&Number::I64(10));
        assert_eq!(fell, Number::I64(-13));
        let fell = Number::U64(3).minus(&Number::U64(10));
        assert_eq!(fell, Number::F64(-7.0));
        let wide = Number::I64(i64::MAX).minus(&Number::I64(i64::MIN));
        assert_eq!(wide, Number::F64(2_f64.powi(64)));
    }
}
