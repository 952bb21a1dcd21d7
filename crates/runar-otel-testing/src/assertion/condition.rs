//! Conditions of an assertion: a part of the series, a comparison, the expected value.

use std::{fmt, time::Duration};

use super::Comparison;
use crate::series::{Series, Value};

/// A condition on series, taken together.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The part of the series that is compared.
    pub part: Part,
    /// The relation of the part to the expected value.
    pub comparison: Comparison,
    /// The expected value; durations in seconds.
    pub expected: f64,
}

impl Condition {
    /// Makes a condition on a part.
    #[must_use]
    pub fn new(part: Part, comparison: Comparison, expected: impl Expected) -> Self {
        Self {
            part,
            comparison,
            expected: expected.to_f64(),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{} {}", self.part, self.comparison, self.expected)
    }
}

/// The part of the matching series that a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The numbers of counters and gauges, added up.
    Number,
    /// The counts of histograms and summaries, added up.
    Count,
    /// The sums of histograms and summaries, added up.
    Sum,
    /// The number of exemplars of all series.
    Exemplars,
    /// The number of matching series.
    Series,
}

impl Part {
    /// Returns this part, added up over the series; `None` if some have no such part.
    pub(crate) fn of(self, found: &[&Series]) -> Option<f64> {
        found.iter().map(|series| self.of_one(series)).sum()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a test counts no further than 2^53"
    )]
    fn of_one(self, series: &Series) -> Option<f64> {
        match (self, &series.value) {
            (Self::Number, Value::Number(number)) => Some(*number),
            (Self::Count, Value::Distribution(distribution)) => Some(distribution.count as f64),
            (Self::Sum, Value::Distribution(distribution)) => Some(distribution.sum),
            (Self::Exemplars, _) => Some(series.exemplars.len() as f64),
            (Self::Series, _) => Some(1.0),
            (Self::Number | Self::Count | Self::Sum, _) => None,
        }
    }
}

/// Writes a part as it stands in front of the comparison.
impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Number => "",
            Self::Count => "count ",
            Self::Sum => "sum ",
            Self::Exemplars => "exemplars ",
            Self::Series => "series ",
        })
    }
}

/// A value that an assertion may expect: any number, or a [`Duration`], which counts in seconds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of a metric",
    note = "expected an integer, a float or a `Duration`"
)]
pub trait Expected {
    /// Returns the value as the metric has it.
    fn to_f64(&self) -> f64;
}

impl Expected for Duration {
    fn to_f64(&self) -> f64 {
        self.as_secs_f64()
    }
}

impl<E: Expected + ?Sized> Expected for &E {
    fn to_f64(&self) -> f64 {
        (**self).to_f64()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Expected for $number {
            #[allow(clippy::allow_attributes, clippy::cast_precision_loss, clippy::cast_lossless, reason = "one body for all numbers")]
            fn to_f64(&self) -> f64 {
                *self as f64
            }
        }
    )*};
}

numbers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64);
