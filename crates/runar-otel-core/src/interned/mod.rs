//! Interned label sets: what labels given with a measurement lead to, found without copying them.

mod packed;
mod table;

use std::{
    hash::{BuildHasher, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use foldhash::fast::RandomState;
use opentelemetry::KeyValue;

use self::{
    packed::{Given, Packed},
    table::Table,
};
use crate::{
    attributes::{Attributes, canonical},
    gate::stream::DEFAULT_CARDINALITY_LIMIT,
    handle::Labels,
    texts::Texts,
};

/// The label sets of one instrument that were recorded, each with what was made for it.
#[derive(Debug)]
pub(crate) struct Interned<T> {
    /// Seeded at random, so that label values that collide cannot be prepared. It is no cryptographic hash: sets that
    /// collide stay apart and cost a walk along their slots, which the limit bounds.
    hashes: RandomState,
    sets: Table<Set<T>>,
    limit: AtomicUsize,
    /// Of all label sets, also those of handles.
    texts: Mutex<Texts>,
}

/// One label set: that of the handle, and what came with the measurement in its order.
#[derive(Debug)]
struct Set<T> {
    base: Attributes,
    labels: Packed,
    made: T,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self {
            hashes: RandomState::default(),
            sets: Table::default(),
            limit: AtomicUsize::new(DEFAULT_CARDINALITY_LIMIT),
            texts: Mutex::default(),
        }
    }
}

impl<T> Interned<T> {
    /// Sets how many label sets are kept; those beyond are not.
    pub(crate) fn limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// A hash of what a handle carries, to begin with for [`get`](Self::get).
    pub(crate) fn base(&self, base: &Attributes) -> u64 {
        self.hashes.hash_one(base)
    }

    /// What belongs to a label set, made first if the set is new. `None` beyond the limit.
    #[inline]
    pub(crate) fn get(
        &self,
        (base, seed): (&Attributes, u64),
        labels: Labels<'_>,
        make: impl FnOnce(&Attributes) -> T,
    ) -> Option<&T> {
        let mut given = Given::new(labels);
        given.read();
        let hash = self.hash(seed, &given);
        let found = self.sets.find(hash, |set| set.is(base, &given));
        match found {
            Some(set) => Some(&set.made),
            None => self.add(hash, base, &given, || make(&self.merged(base, labels))),
        }
    }

    /// The base labels and these, in canonical form; of one name, these win, and of these the last one.
    pub(crate) fn merged(&self, base: &Attributes, labels: Labels<'_>) -> Attributes {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let own = labels.iter().map(|(name, value)| texts.label(name, value));
        let all: Vec<KeyValue> = base.iter().cloned().chain(own).collect();
        canonical(&all)
    }

    #[inline]
    fn hash(&self, seed: u64, labels: &Given<'_>) -> u64 {
        let mut hasher = self.hashes.build_hasher();
        hasher.write_u64(seed);
        labels.hash(&mut hasher);
        hasher.finish()
    }

    #[cold]
    fn add(
        &self,
        hash: u64,
        base: &Attributes,
        labels: &Given<'_>,
        make: impl FnOnce() -> T,
    ) -> Option<&T> {
        let set = || Set {
            base: base.clone(),
            labels: labels.pack(),
            made: make(),
        };
        let limit = self.limit.load(Ordering::Relaxed);
        let found = self
            .sets
            .find_or_make(hash, |set| set.is(base, labels), limit, set);
        found.map(|set| &set.made)
    }
}

impl<T> Set<T> {
    #[inline]
    fn is(&self, base: &Attributes, labels: &Given<'_>) -> bool {
        self.labels.is(labels) && (Arc::ptr_eq(&self.base, base) || self.base == *base)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(labels: &[(&'static str, &'static str)]) -> Attributes {
        let all: Vec<KeyValue> = labels
            .iter()
            .map(|(name, value)| KeyValue::new(*name, *value))
            .collect();
        canonical(&all)
    }

    /// What a set was made from.
    fn found(sets: &Interned<Attributes>, base: &Attributes, labels: Labels<'_>) -> Attributes {
        let seed = sets.base(base);
        sets.get((base, seed), labels, Clone::clone)
            .unwrap()
            .clone()
    }

    #[test]
    fn a_set_is_made_once() {
        let (sets, base) = (Interned::default(), base(&[("service", "api")]));
        let one = found(&sets, &base, &[("method", "GET")]);
        let again = found(&sets, &base, &[("method", "GET")]);
        assert!(Arc::ptr_eq(&one, &again));
        assert!(!Arc::ptr_eq(
            &one,
            &found(&sets, &base, &[("method", "PUT")])
        ));
    }

    #[test]
    fn sets_of_one_hash_stay_apart() {
        // Names of one length with one value have one hash.
        let (sets, none) = (Interned::default(), base(&[]));
        let names = ["aa", "bb", "cc"];
        for _ in 0..2 {
            for name in names {
                let set = found(&sets, &none, &[(name, "same")]);
                assert_eq!(*set, [KeyValue::new(name, "same")]);
            }
        }
    }

    #[test]
    fn beyond_the_limit_nothing_is_kept() {
        let (sets, none) = (Interned::<()>::default(), base(&[]));
        sets.limit(2);
        let seed = sets.base(&none);
        let known = |value: &str| sets.get((&none, seed), &[("a", value)], |_| ()).is_some();
        assert_eq!(["1", "2", "3", "1"].map(known), [true, true, false, true]);
    }

    #[test]
    fn threads_that_meet_a_set_at_once_agree() {
        let (sets, none) = (Interned::default(), base(&[]));
        let seen: Vec<Attributes> = std::thread::scope(|scope| {
            let look = || found(&sets, &none, &[("a", "1")]);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(look)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(seen.iter().all(|one| Arc::ptr_eq(one, &seen[0])));
    }

    proptest! {
        #[test]
        fn a_set_is_what_merging_says(
            own in prop::collection::vec(("[a-c]{1,2}", "[xy]{0,2}"), 0..4),
            given in prop::collection::vec(("[a-c]{1,2}", "[xy]{0,2}"), 0..4),
        ) {
            let own: Vec<KeyValue> = own
                .into_iter()
                .map(|(name, value)| KeyValue::new(name, value))
                .collect();
            let own = canonical(&own);
            let given: Vec<(&str, &str)> =
                given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let sets = Interned::default();
            let first = found(&sets, &own, &given);
            prop_assert_eq!(&first, &sets.merged(&own, &given));
            prop_assert!(Arc::ptr_eq(&first, &found(&sets, &own, &given)));
        }
    }
}
