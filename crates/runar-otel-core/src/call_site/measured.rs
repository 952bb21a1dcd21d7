//! Values that can be recorded: any integer, any float, a duration.

use std::time::Duration;

use crate::{instruments::handle::Handle, metric::number::Value};

/// A value that `metrics::increment!` and the like record: any integer or float, or a [`Duration`].
///
/// A duration is recorded in the unit of the metric, in seconds unless that is another unit of time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded",
    label = "expected an integer, a float or a `Duration`",
    note = "metrics take integers, floats and `std::time::Duration`"
)]
pub trait MetricValue {
    /// The value as a number or a duration.
    #[doc(hidden)]
    fn measured(&self) -> Measured;
}

/// A number, or a duration that becomes one in the unit of its metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measured {
    /// A number as it is.
    Number(Value),
    /// A duration, converted to the unit of the metric.
    Duration(Duration),
}

impl Measured {
    /// The number to be recorded with a handle.
    #[inline]
    pub(crate) fn number(self, handle: &Handle) -> Value {
        match self {
            Self::Number(value) => value,
            Self::Duration(duration) => handle.duration(duration),
        }
    }
}

macro_rules! numbers {
    ($wide:ty: $($number:ty)*) => {$(
        impl MetricValue for $number {
            #[inline]
            fn measured(&self) -> Measured {
                Measured::Number(crate::Number::value(<$wide>::from(*self)))
            }
        }
    )*};
}
numbers!(u64: u8 u16 u32 u64);
numbers!(i64: i8 i16 i32 i64);
numbers!(f64: f32 f64);

macro_rules! wide_numbers {
    ($kind:ident, $wide:ty: $($number:ty)*) => {$(
        impl MetricValue for $number {
            #[inline]
            fn measured(&self) -> Measured {
                Measured::Number(match <$wide>::try_from(*self) {
                    Ok(value) => Value::$kind(value),
                    // What no metric can hold exactly is rounded.
                    Err(_) => Value::f64(*self as f64),
                })
            }
        }
    )*};
}
wide_numbers!(U64, u64: usize u128);
wide_numbers!(I64, i64: isize i128);

impl MetricValue for Duration {
    #[inline]
    fn measured(&self) -> Measured {
        Measured::Duration(*self)
    }
}

impl<T: MetricValue + ?Sized> MetricValue for &T {
    #[inline]
    fn measured(&self) -> Measured {
        (**self).measured()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_taken_as_it_is() {
        let number = |value: &dyn MetricValue| value.measured();
        assert_eq!(number(&5_u8), Measured::Number(Value::U64(5)));
        assert_eq!(number(&&-5), Measured::Number(Value::I64(-5)));
        assert_eq!(number(&0.5_f32), Measured::Number(Value::f64(0.5)));
        assert_eq!(number(&7_usize), Measured::Number(Value::U64(7)));
        assert_eq!(
            number(&u128::from(u64::MAX)),
            Measured::Number(Value::U64(u64::MAX))
        );
        assert_eq!(
            number(&(1_i128 << 70)),
            Measured::Number(Value::f64(2_f64.powi(70)))
        );
        assert_eq!(
            number(&Duration::from_secs(1)),
            Measured::Duration(Duration::from_secs(1))
        );
    }
}
