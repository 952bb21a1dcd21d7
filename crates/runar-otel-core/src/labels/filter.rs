//! The label filter: the labels of a measurement that its data point keeps.

use std::collections::HashSet;

use opentelemetry::KeyValue;

/// Keeps some labels and removes the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelFilter {
    Keep(HashSet<String>),
    Drop(HashSet<String>),
}

impl LabelFilter {
    pub(crate) fn keeps(&self, name: &str) -> bool {
        match self {
            Self::Keep(names) => names.contains(name),
            Self::Drop(names) => !names.contains(name),
        }
    }

    /// The labels that are taken away.
    pub(crate) fn removed(&self, labels: &[KeyValue]) -> Vec<KeyValue> {
        labels
            .iter()
            .filter(|label| !self.keeps(label.key.as_str()))
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
        let names: HashSet<String> = ["user".to_owned()].into();
        let (keep, drop) = (LabelFilter::Keep(names.clone()), LabelFilter::Drop(names));
        assert!(keep.keeps("user") && !keep.keeps("route"));
        assert!(!drop.keeps("user") && drop.keeps("route"));
        assert_eq!(keep.removed(&labels), &labels[1..]);
        assert_eq!(drop.removed(&labels), &labels[..1]);
    }
}
