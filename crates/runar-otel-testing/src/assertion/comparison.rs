//! The comparison of a value found with the expected one.

use std::fmt;

/// The largest difference that counts as rounding, relative to the larger value.
const ROUNDING: f64 = 1e-9;

/// The relation of a value found to the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// `==`: equal, or both not a number.
    Equal,
    /// `!=`: not equal, and not both not a number.
    Unequal,
    /// `<`: less than expected.
    Less,
    /// `<=`: at most the expected value.
    AtMost,
    /// `>`: greater than expected.
    Greater,
    /// `>=`: at least the expected value.
    AtLeast,
    /// `~`: equal but for rounding.
    About,
}

impl Comparison {
    /// True if the value found is as expected; not a number equals not a number.
    #[must_use]
    #[expect(
        clippy::float_cmp,
        reason = "`==` is what the test asks for; `~` forgives rounding"
    )]
    pub fn holds(self, found: f64, expected: f64) -> bool {
        let equal = found == expected || (found.is_nan() && expected.is_nan());
        match self {
            Self::Equal => equal,
            Self::Unequal => !equal,
            Self::Less => found < expected,
            Self::AtMost => found <= expected,
            Self::Greater => found > expected,
            Self::AtLeast => found >= expected,
            Self::About => {
                let scale = found.abs().max(expected.abs());
                equal || (found - expected).abs() <= scale * ROUNDING
            }
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::About => "~",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_forgives_rounding_and_no_more() {
        assert!(!Comparison::Equal.holds(0.1 + 0.2, 0.3));
        assert!(Comparison::About.holds(0.1 + 0.2, 0.3));
        assert!(!Comparison::About.holds(0.301, 0.3));
        assert!(Comparison::About.holds(0.0, 0.0));
        assert!(!Comparison::About.holds(0.0, 1e-12));
    }

    #[test]
    fn infinity_and_not_a_number_are_values() {
        assert!(Comparison::About.holds(f64::INFINITY, f64::INFINITY));
        assert!(!Comparison::Equal.holds(f64::INFINITY, f64::NEG_INFINITY));
        assert!(Comparison::Equal.holds(f64::NAN, f64::NAN));
        assert!(!Comparison::AtLeast.holds(f64::NAN, 0.0));
    }
}
