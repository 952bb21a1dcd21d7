//! The label filter: which labels of a measurement its data point keeps.

use std::{borrow::Cow, collections::HashSet};

use opentelemetry::{Key, KeyValue};

/// Keeps some labels and removes the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelFilter {
    Keep(HashSet<Key>),
    Drop(HashSet<Key>),
}

impl LabelFilter {
    pub(crate) fn keeps(&self, key: &Key) -> bool {
        match self {
            Self::Keep(keys) => keys.contains(key),
            Self::Drop(keys) => !keys.contains(key),
        }
    }

    /// What is left of the labels; borrowed if nothing is removed.
    pub(crate) fn kept<'a>(&self, labels: &'a [KeyValue]) -> Cow<'a, [KeyValue]> {
        if labels.iter().all(|label| self.keeps(&label.key)) {
            return Cow::Borrowed(labels);
        }
        labels
            .iter()
            .filter(|label| self.keeps(&label.key))
            .cloned()
            .collect()
    }

    /// What is taken away.
    pub(crate) fn removed(&self, labels: &[KeyValue]) -> Vec<KeyValue> {
        labels
            .iter()
            .filter(|label| !self.keeps(&label.key))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_and_drop_are_opposites() {
        let labels = [KeyValue::new("user", "u1"), KeyValue::new("route", "/x")];
        let keys: HashSet<Key> = [Key::new("user")].into();
        let (keep, drop) = (LabelFilter::Keep(keys.clone()), LabelFilter::Drop(keys));
        assert_eq!(&*keep.kept(&labels), &labels[..1]);
        assert_eq!(keep.removed(&labels), &labels[1..]);
        assert_eq!(&*drop.kept(&labels), &labels[1..]);
        assert!(matches!(drop.kept(&labels[1..]), Cow::Borrowed(_)));
    }
}
