//! Interned label sets: what labels given with a measurement lead to, found without copying them.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use foldhash::fast::RandomState;
use opentelemetry::{Key, KeyValue};

use crate::{
    attributes::{Attributes, canonical},
    gate::stream::DEFAULT_CARDINALITY_LIMIT,
    handle::Labels,
};

/// The label sets of one instrument that were recorded, each with what was made for it.
#[derive(Debug)]
pub(crate) struct Interned<T> {
    /// Seeded at random, so that label values that collide cannot be prepared. It is no cryptographic hash: sets that
    /// collide stay apart and cost a walk along their list, which the limit bounds.
    hashes: RandomState,
    sets: papaya::HashMap<u64, Arc<Set<T>>, BuildHasherDefault<AsItIs>>,
    /// How many there are. Relaxed: being off by a few does no harm.
    count: AtomicUsize,
    limit: AtomicUsize,
}

/// One label set: that of the handle, and what came with the measurement in its order.
#[derive(Debug)]
pub(crate) struct Set<T> {
    base: Attributes,
    labels: Box<[(Box<str>, Box<str>)]>,
    made: T,
    /// Another set of the same hash.
    next: OnceLock<Arc<Set<T>>>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self {
            hashes: RandomState::default(),
            sets: papaya::HashMap::default(),
            count: AtomicUsize::new(0),
            limit: AtomicUsize::new(DEFAULT_CARDINALITY_LIMIT),
        }
    }
}

impl<T> Interned<T> {
    /// Sets how many label sets are kept; those beyond are not.
    pub(crate) fn limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// A hash of what a handle carries, to begin with for [`with`](Self::with).
    pub(crate) fn base(&self, base: &Attributes) -> u64 {
        self.hashes.hash_one(base)
    }

    /// Uses what belongs to a label set; makes it first if the set is new. `None` beyond the limit.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        (base, seed): (&Attributes, u64),
        labels: Labels<'_>,
        make: impl FnOnce(&Attributes) -> T,
        usage: impl FnOnce(&T) -> R,
    ) -> Option<R> {
        let hash = self.hash(seed, labels);
        let sets = self.sets.pin();
        let mut found = sets.get(&hash);
        while let Some(set) = found {
            if set.is(base, labels) {
                return Some(usage(&set.made));
            }
            found = set.next.get();
        }
        drop(sets);
        self.add(hash, base, labels, make)
            .map(|set| usage(&set.made))
    }

    /// Names tell little that values do not: only their lengths are hashed.
    #[inline]
    fn hash(&self, seed: u64, labels: Labels<'_>) -> u64 {
        let mut hasher = self.hashes.build_hasher();
        hasher.write_u64(seed);
        for (name, value) in labels {
            hasher.write_usize(name.len());
            hasher.write(value.as_bytes());
        }
        hasher.finish()
    }

    #[cold]
    fn add(
        &self,
        hash: u64,
        base: &Attributes,
        labels: Labels<'_>,
        make: impl FnOnce(&Attributes) -> T,
    ) -> Option<Arc<Set<T>>> {
        if self.count.load(Ordering::Relaxed) >= self.limit.load(Ordering::Relaxed) {
            return None;
        }
        let made = make(&merged(base, labels));
        let labels = labels
            .iter()
            .map(|(name, value)| (Box::from(*name), Box::from(*value)))
            .collect();
        let set = Arc::new(Set {
            base: base.clone(),
            labels,
            made,
            next: OnceLock::new(),
        });
        self.count.fetch_add(1, Ordering::Relaxed);
        let sets = self.sets.pin();
        let mut last = match sets.try_insert(hash, set.clone()) {
            Ok(_) => return Some(set),
            Err(taken) => taken.current,
        };
        // Another thread made it, or the hash is that of another set: the list grows at its end.
        loop {
            if last.is_same(&set) {
                return Some(last.clone());
            }
            last = last.next.get_or_init(|| set.clone());
        }
    }
}

impl<T> Set<T> {
    #[inline]
    fn is(&self, base: &Attributes, labels: Labels<'_>) -> bool {
        let mut pairs = self.labels.iter().zip(labels);
        self.labels.len() == labels.len()
            && (Arc::ptr_eq(&self.base, base) || self.base == *base)
            && pairs.all(|(known, given)| *known.1 == *given.1 && *known.0 == *given.0)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.base == other.base && self.labels == other.labels
    }
}

/// The base labels and these, in canonical form; of one name, these win, and of these the last one.
pub(crate) fn merged(base: &Attributes, labels: Labels<'_>) -> Attributes {
    let own = |(name, value): &(&str, &str)| {
        KeyValue::new(Key::from((*name).to_owned()), (*value).to_owned())
    };
    let all: Vec<KeyValue> = base.iter().cloned().chain(labels.iter().map(own)).collect();
    canonical(&all)
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
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
        sets.with((base, seed), labels, Clone::clone, Clone::clone)
            .unwrap()
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
        assert_eq!(sets.count.load(Ordering::Relaxed), 2);
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
        assert_eq!(sets.count.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn beyond_the_limit_nothing_is_kept() {
        let (sets, none) = (Interned::<()>::default(), base(&[]));
        sets.limit(2);
        let seed = sets.base(&none);
        let known = |value: &str| {
            sets.with((&none, seed), &[("a", value)], |_| (), |()| ())
                .is_some()
        };
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
            prop_assert_eq!(&first, &merged(&own, &given));
            prop_assert!(Arc::ptr_eq(&first, &found(&sets, &own, &given)));
        }
    }
}
