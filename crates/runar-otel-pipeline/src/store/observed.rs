//! What one collection observed: whole values, of which the store has to find out what is new.

use std::collections::HashMap;

use runar_otel_core::attributes::Attributes;

use super::{
    accumulate::{Accumulate, Rule},
    collected::CollectedPoint,
};

/// An observed total.
#[derive(Clone, Debug)]
pub(super) struct Observation<V> {
    /// The total itself.
    pub(super) total: V,
    /// What is new in it.
    pub(super) delta: V,
}

impl<V: Accumulate> Observation<V> {
    /// Compares a total with the one observed before; after a reset all of it is new.
    pub(super) fn new(total: V, before: Option<&V>, rule: &Rule) -> Self {
        let before = before.filter(|before| !total.is_reset(before, rule));
        let delta = before.map_or_else(|| total.clone(), |before| total.minus(before));
        Self { total, delta }
    }

    /// Adds another one, which counts something else.
    pub(super) fn join(&mut self, other: &Self, rule: &Rule) {
        self.total.absorb(&other.total, rule);
        self.delta.absorb(&other.delta, rule);
    }
}

/// Everything that a collection observed of one stream, each label set once, in the order it came.
#[derive(Debug)]
pub(super) struct Observed<V> {
    points: Vec<CollectedPoint<V>>,
    places: HashMap<Attributes, usize>,
}

impl<V> Default for Observed<V> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<V: Accumulate> Observed<V> {
    /// Takes in a point; what two instruments of one stream observe for one label set adds up.
    pub(super) fn add(&mut self, point: CollectedPoint<V>, rule: &Rule) {
        let place = self.places.get(&point.attributes);
        if let Some(known) = place.and_then(|place| self.points.get_mut(*place)) {
            known.value.absorb(&point.value, rule);
            known.exemplars.extend(point.exemplars);
            return;
        }
        let place = self.points.len();
        self.places.insert(point.attributes.clone(), place);
        self.points.push(point);
    }

    /// Tells whether the label set was observed.
    pub(super) fn holds(&self, attributes: &Attributes) -> bool {
        self.places.contains_key(attributes)
    }

    /// All of it.
    pub(super) fn into_points(self) -> Vec<CollectedPoint<V>> {
        self.points
    }
}
