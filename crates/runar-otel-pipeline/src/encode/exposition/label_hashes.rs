//! Finds out if label sets of a family are equal as they are written.

use std::{collections::HashSet, hash::BuildHasher};

use foldhash::fast::RandomState;

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
