//! Operations that the values of all streams have in common.

use crate::exemplar::Exemplar;

/// A value that adds up over windows.
pub(crate) trait Aggregate: Clone {
    /// Adds a later window; an exponential histogram keeps to `max_size` buckets per side.
    fn absorb(&mut self, later: &Self, max_size: usize);

    /// True if adding the value to another one changes nothing.
    fn is_nothing(&self) -> bool;

    /// True if the value is the rest of a measurement that is counted in an earlier window.
    fn is_late(&self) -> bool {
        false
    }

    /// True if a measurement of this size can be among those counted in the value.
    fn counts(&self, measurement: f64) -> bool;

    /// Merges newly collected exemplars into those kept.
    fn keep(&self, kept: &mut Vec<Exemplar>, collected: Vec<Exemplar>);

    /// Returns a fingerprint that changes with each measurement.
    fn fingerprint(&self) -> Fingerprint;
}

/// Count and bits of the sum of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(pub(crate) u64, pub(crate) u64);
