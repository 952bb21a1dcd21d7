//! The values of data points, and how they add up.

mod aggregate;
mod explicit;
mod exponential;
mod number;

pub(crate) use self::aggregate::{Aggregate, Fingerprint};
pub use self::{
    explicit::Histogram,
    exponential::{ExponentialBuckets, ExponentialHistogram},
    number::Number,
};
