//! The label sets that functions share.

/// The labels of a metric whose values the code bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// Those that tell functions apart: each function has the limit for itself. None of a metric that has one limit.
    pub(crate) function: &'static [&'static str],
    /// Those and others: a set that has no other label takes no place.
    pub(crate) bounded: &'static [&'static str],
    /// Of those, the ones that the code bounds for handles only. Given with a measurement they take a place.
    pub(crate) made_up: &'static [&'static str],
}
