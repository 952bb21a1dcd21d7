//! The number types of instruments, and a value of any of them.

/// A number that an instrument can record: `u64`, `i64` or `f64`.
pub trait Number: sealed::Sealed + Copy + Send + Sync + 'static {
    #[doc(hidden)]
    const KIND: NumberKind;
    #[doc(hidden)]
    fn value(self) -> Value;
    #[doc(hidden)]
    fn one() -> Self;
}

/// A number that a [`Counter`](crate::Counter) can record: `u64` or `f64`.
pub trait CounterNumber: Number {}
/// A number that an [`UpDownCounter`](crate::UpDownCounter) can record: `i64` or `f64`.
pub trait UpDownNumber: Number {}
/// A number that a [`Gauge`](crate::Gauge) can record: `f64`, `i64` or `u64`.
pub trait GaugeNumber: Number {}
/// A number that a [`Histogram`](crate::Histogram) can record: `f64` or `u64`.
pub trait HistogramNumber: Number {}

impl CounterNumber for u64 {}
impl CounterNumber for f64 {}
impl UpDownNumber for i64 {}
impl UpDownNumber for f64 {}
impl GaugeNumber for u64 {}
impl GaugeNumber for i64 {}
impl GaugeNumber for f64 {}
impl HistogramNumber for u64 {}
impl HistogramNumber for f64 {}

/// Returns the greatest double instead of infinity, which no later value would bring back.
#[inline(always)]
pub(crate) fn finite(sum: f64) -> f64 {
    if sum.is_infinite() {
        return f64::MAX.copysign(sum);
    }
    sum
}

/// The type of a number: `u64`, `i64` or `f64`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberKind {
    U64,
    I64,
    F64,
}

impl NumberKind {
    /// The number that these bits stand for.
    #[expect(
        clippy::cast_precision_loss,
        reason = "an exemplar's value is a double"
    )]
    #[inline]
    pub(crate) fn f64_of(self, bits: u64) -> f64 {
        match self {
            Self::U64 => bits as f64,
            Self::I64 => bits.cast_signed() as f64,
            Self::F64 => f64::from_bits(bits),
        }
    }
}

/// A number that instruments of the OpenTelemetry API measure.
pub(crate) trait ApiNumber: Copy + Send + Sync + 'static {
    const KIND: NumberKind;
    fn to_bits(self) -> u64;
    /// Converts to a value of any number type.
    fn to_value(self) -> Value;

    #[inline]
    fn as_f64(self) -> f64 {
        Self::KIND.f64_of(self.to_bits())
    }

    #[inline]
    fn is_finite(self) -> bool {
        self.to_value().is_finite()
    }

    #[inline]
    fn is_negative(self) -> bool {
        self.to_value().is_negative()
    }

    /// The bits of the number in this type.
    #[inline]
    fn bits_as(self, number: NumberKind) -> u64 {
        self.to_value().bits(number)
    }
}

macro_rules! measured {
    ($number:ty, $kind:ident, $to_bits:expr, $value:expr) => {
        impl ApiNumber for $number {
            const KIND: NumberKind = NumberKind::$kind;
            #[inline]
            fn to_bits(self) -> u64 {
                $to_bits(self)
            }
            #[inline]
            fn to_value(self) -> Value {
                $value(self)
            }
        }
    };
}
measured!(u64, U64, std::convert::identity, Value::U64);
measured!(i64, I64, i64::cast_unsigned, Value::I64);
measured!(f64, F64, f64::to_bits, Value::f64);

/// A value of any number type. The first type registered under a name wins: other types are converted.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    U64(u64),
    I64(i64),
    F64(Double),
}

/// An `f64` by its bits. With integers only a [`Value`] is passed in registers; in memory it would be written in
/// halves and read as a whole, for which the processor waits.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Double(u64);

impl Double {
    #[inline]
    fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "conversion to the metric's number type rounds and saturates"
)]
impl Value {
    #[inline]
    pub(crate) fn f64(value: f64) -> Self {
        Self::F64(Double(value.to_bits()))
    }

    #[inline]
    pub(crate) fn as_u64(self) -> u64 {
        match self {
            Self::U64(value) => value,
            Self::I64(value) => u64::try_from(value).unwrap_or(0),
            Self::F64(value) => value.get().round() as u64,
        }
    }

    #[inline]
    pub(crate) fn as_i64(self) -> i64 {
        match self {
            Self::U64(value) => i64::try_from(value).unwrap_or(i64::MAX),
            Self::I64(value) => value,
            Self::F64(value) => value.get().round() as i64,
        }
    }

    #[inline]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::U64(value) => value as f64,
            Self::I64(value) => value as f64,
            Self::F64(value) => value.get(),
        }
    }

    /// The value as this number type, by its bits.
    #[inline]
    pub(crate) fn bits(self, number: NumberKind) -> u64 {
        match (self, number) {
            (Self::U64(value), NumberKind::U64) => value,
            (Self::I64(value), NumberKind::I64) => value.cast_unsigned(),
            (Self::F64(value), NumberKind::F64) => value.0,
            _ => self.converted(number),
        }
    }

    #[cold]
    fn converted(self, number: NumberKind) -> u64 {
        match number {
            NumberKind::U64 => self.as_u64(),
            NumberKind::I64 => self.as_i64().cast_unsigned(),
            NumberKind::F64 => self.as_f64().to_bits(),
        }
    }

    /// The value with the other sign.
    #[inline]
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::U64(value) => match i64::try_from(value) {
                Ok(value) => Self::I64(-value),
                Err(_) => Self::f64(-(value as f64)),
            },
            Self::I64(value) => Self::I64(value.saturating_neg()),
            Self::F64(value) => Self::f64(-value.get()),
        }
    }

    /// True if the value is neither infinite nor NaN, so that a whole number can represent it.
    #[inline]
    pub(crate) fn is_finite(self) -> bool {
        match self {
            Self::U64(_) | Self::I64(_) => true,
            Self::F64(value) => value.get().is_finite(),
        }
    }

    /// True if the value is below 0, which a sum that only grows refuses.
    #[inline]
    pub(crate) fn is_negative(self) -> bool {
        match self {
            Self::U64(_) => false,
            Self::I64(value) => value < 0,
            Self::F64(value) => value.get() < 0.0,
        }
    }
}

macro_rules! number {
    ($number:ty, $kind:ident, $value:expr, $one:literal) => {
        impl sealed::Sealed for $number {}
        impl Number for $number {
            const KIND: NumberKind = NumberKind::$kind;
            #[inline]
            fn value(self) -> Value {
                $value(self)
            }
            #[inline]
            fn one() -> Self {
                $one
            }
        }
    };
}
number!(u64, U64, Value::U64, 1);
number!(i64, I64, Value::I64, 1);
number!(f64, F64, Value::f64, 1.0);

mod sealed {
    pub trait Sealed {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_round_and_saturate() {
        assert_eq!(Value::f64(2.5).as_u64(), 3);
        assert_eq!(Value::f64(-1.0).as_u64(), 0);
        assert_eq!(Value::I64(-1).as_u64(), 0);
        assert_eq!(Value::U64(u64::MAX).as_i64(), i64::MAX);
        assert_eq!(Value::U64(3).negated(), Value::I64(-3));
        assert_eq!(Value::U64(u64::MAX).negated().negated().as_u64(), u64::MAX);
        assert!(Value::f64(-0.1).is_negative());
        assert!(Value::f64(0.5).is_finite() && !Value::f64(f64::NAN).is_finite());
    }
}
