//! Finds label sets that a family has already.

use std::{collections::HashMap, hash::BuildHasher, ops::Range};

use foldhash::fast::RandomState;

/// The labels of one family that were written already, as texts.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    hasher: RandomState,
    texts: String,
    /// The places of the texts, by their hashes.
    places: HashMap<u64, Range<usize>, RandomState>,
}

impl Seen {
    /// Forgets everything, for the next family.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.places.clear();
    }

    /// Remembers written labels, and returns true if they are new.
    pub(crate) fn admit(&mut self, labels: &str) -> bool {
        let is_new = !self.holds(labels);
        if is_new {
            self.remember(labels);
        }
        is_new
    }

    fn holds(&self, labels: &str) -> bool {
        let known = self.places.get(&self.hasher.hash_one(labels));
        known.is_some_and(|place| self.texts.get(place.clone()) == Some(labels))
    }

    fn remember(&mut self, labels: &str) {
        let start = self.texts.len();
        self.texts.push_str(labels);
        let hash = self.hasher.hash_one(labels);
        self.places.insert(hash, start..self.texts.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_set_is_admitted_once() {
        let mut seen = Seen::default();
        assert!(seen.admit("a"));
        assert!(seen.admit(""));
        assert!(!seen.admit("a"));
        seen.clear();
        assert!(seen.admit("a"));
    }
}
