//! The numbers that instruments of the OpenTelemetry API measure.

use crate::number::NumberKind;

/// A number that instruments measure.
pub(super) trait Measured: Copy + Send + Sync + 'static {
    const KIND: NumberKind;
    fn as_f64(self) -> f64;
    fn plus(self, other: Self) -> Self;
    /// Whether the SDK takes it: not what is no number, or not finite.
    fn counts(self) -> bool;
    fn to_bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
}

macro_rules! measured {
    ($number:ty, $kind:ident, $to_bits:expr, $from_bits:expr) => {
        impl Measured for $number {
            const KIND: NumberKind = NumberKind::$kind;
            #[inline]
            fn as_f64(self) -> f64 {
                Self::KIND.f64_of(Measured::to_bits(self))
            }
            fn plus(self, other: Self) -> Self {
                self.saturating_add(other)
            }
            #[inline]
            fn counts(self) -> bool {
                true
            }
            #[inline]
            fn to_bits(self) -> u64 {
                $to_bits(self)
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                $from_bits(bits)
            }
        }
    };
}
measured!(u64, U64, std::convert::identity, std::convert::identity);
measured!(i64, I64, i64::cast_unsigned, u64::cast_signed);

impl Measured for f64 {
    const KIND: NumberKind = NumberKind::F64;
    #[inline]
    fn as_f64(self) -> f64 {
        self
    }
    fn plus(self, other: Self) -> Self {
        self + other
    }
    #[inline]
    fn counts(self) -> bool {
        self.is_finite()
    }
    #[inline]
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }
    #[inline]
    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}
