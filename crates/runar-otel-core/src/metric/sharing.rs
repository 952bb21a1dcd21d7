//! The label sets that functions share.

/// The labels of a metric whose values the code bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// Labels that identify a function: each function has the whole limit. Empty for a metric that has one limit.
    pub(crate) function: &'static [&'static str],
    /// Labels whose values the code bounds, those of `function` included: a set that has no other label takes no place.
    pub(crate) bounded: &'static [&'static str],
    /// Labels among `bounded` that the code bounds for handles only. Given with a measurement they take a place.
    pub(crate) made_up: &'static [&'static str],
}
