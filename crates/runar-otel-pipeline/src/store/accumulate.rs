//! What the values of all kinds of stream have in common: they can be added up.

use std::sync::Arc;

use runar_otel_core::exemplar::Exemplar;

/// How the values of one stream are put together.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// How numbers combine.
    pub(super) combine: Combine,
    /// Whether an observed value that is lower than the one before was reset.
    pub(super) monotonic: bool,
    /// Buckets per side of an exponential histogram at the most.
    pub(super) max_size: usize,
    /// The bounds of the stream's first histogram point, which all others take on.
    pub(super) bounds: Option<Arc<[f64]>>,
}

/// How a newer number combines with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combine {
    /// The newer one replaces the older one.
    Last,
    /// They add up.
    Add,
}

/// A value that can be added up.
pub(super) trait Accumulate: Clone {
    /// Takes on the form of its stream before it is added to anything, or gives the stream its form.
    fn conform(&mut self, rule: &mut Rule);

    /// Adds what is newer.
    fn absorb(&mut self, newer: &Self, rule: &Rule);

    /// Tells whether this total began anew after the one before.
    fn is_reset(&self, before: &Self, rule: &Rule) -> bool;

    /// What this total has more than the one before, which it goes on from.
    fn minus(&self, before: &Self) -> Self;

    /// Tells whether adding it changes nothing.
    fn is_nothing(&self) -> bool;

    /// Tells whether a measurement of this size can be among those counted here.
    fn counts(&self, measurement: f64) -> bool;

    /// Merges newly delivered exemplars into those kept.
    fn keep(&self, kept: &mut Vec<Exemplar>, delivered: Vec<Exemplar>);
}
