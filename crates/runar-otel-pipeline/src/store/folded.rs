//! Observed series beyond the cardinality limit: together they are the overflow series.

use std::collections::HashMap;

use runar_otel_core::attributes::Attributes;

use super::{
    accumulate::{Accumulate, Rule},
    observed::Observation,
};

/// The observed label sets that found no place, with their totals in the collection before.
///
/// What is new in the overflow series is what is new in each of them: label sets come and go, and their sum
/// alone does not tell that from growth. For the same reason a set stays folded as long as it is observed:
/// elsewhere its whole total would count as new.
#[derive(Debug)]
pub(super) struct Folded<V> {
    sets: HashMap<Attributes, Share<V>>,
}

#[derive(Debug)]
struct Share<V> {
    total: V,
    /// Its position in the sum.
    rank: usize,
}

impl<V> Default for Folded<V> {
    fn default() -> Self {
        Self {
            sets: HashMap::new(),
        }
    }
}

impl<V: Accumulate> Folded<V> {
    /// Tells whether the set is folded.
    pub(super) fn holds(&self, attributes: &Attributes) -> bool {
        self.sets.contains_key(attributes)
    }

    /// Takes over the sets that one collection observed beyond the limit; their sum, `None` without any.
    ///
    /// They are added in the order of the time before, because rounding depends on it: a sum of counters
    /// must not fall unless one of them does.
    pub(super) fn observe(
        &mut self,
        mut sets: Vec<(Attributes, V)>,
        rule: &Rule,
    ) -> Option<Observation<V>> {
        sets.sort_by_key(|(attributes, _)| {
            let known = self.sets.get(attributes);
            known.map_or(usize::MAX, |share| share.rank)
        });
        let mut before = std::mem::take(&mut self.sets);
        let mut sum: Option<Observation<V>> = None;
        for (rank, (attributes, total)) in sets.into_iter().enumerate() {
            let known = before.remove(&attributes).map(|share| share.total);
            let observed = Observation::new(total.clone(), known.as_ref(), rule);
            match &mut sum {
                Some(sum) => sum.join(&observed, rule),
                None => sum = Some(observed),
            }
            self.sets.insert(attributes, Share { total, rank });
        }
        sum
    }
}
