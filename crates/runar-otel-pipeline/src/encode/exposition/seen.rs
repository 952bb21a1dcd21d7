//! Finds label sets that a family has already.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
    ops::Range,
};

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

    /// True if these written labels are known.
    pub(super) fn holds(&self, labels: &str) -> bool {
        let known = self.places.get(&self.hasher.hash_one(labels));
        known.is_some_and(|place| self.texts.get(place.clone()) == Some(labels))
    }

    /// Remembers these written labels.
    pub(super) fn remember(&mut self, labels: &str) {
        let start = self.texts.len();
        self.texts.push_str(labels);
        let hash = self.hasher.hash_one(labels);
        self.places.insert(hash, start..self.texts.len());
    }
}

/// The labels of one family as texts, to be compared all at once when the family is written.
///
/// Comparing them one by one, between the lines, takes several times as long. Text that was just written cannot be read
/// back for hashing before it has left the store buffer of the processor, behind all earlier writes. And a look-up in a
/// large table lets the next line wait for memory, where many look-ups wait together.
#[derive(Debug, Default)]
pub(super) struct LabelHashes {
    hasher: RandomState,
    list: Vec<u64>,
}

impl LabelHashes {
    /// Forgets everything, for the next family.
    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    /// Remembers labels that were written a while ago.
    #[inline]
    pub(super) fn add(&mut self, labels: &str) {
        self.list.push(self.hasher.hash_one(labels));
    }

    /// True if all texts differ. Two texts with one hash make it false as well, which hardly ever happens.
    pub(super) fn all_differ(&self) -> bool {
        if self.list.len() < 2 {
            return true;
        }
        let mut seen = HashSet::with_capacity_and_hasher(self.list.len(), self.hasher.clone());
        self.list.iter().all(|hash| seen.insert(*hash))
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

    #[test]
    fn texts_are_compared_with_all_others() {
        let mut hashes = LabelHashes::default();
        let mut differ = |all: &[&str]| {
            hashes.clear();
            all.iter().for_each(|text| hashes.add(text));
            hashes.all_differ()
        };
        assert!(differ(&[]));
        assert!(differ(&["a", "", "b"]));
        assert!(!differ(&["a", "b", "", "a"]));
        assert!(differ(&["b", "a"]));
    }
}
