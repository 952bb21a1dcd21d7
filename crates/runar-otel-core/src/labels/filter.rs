//! The label filter: the labels of a measurement that its data point keeps.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
};

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

    /// Combines two filters: keeps the labels that both keep.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let join = |kept: &HashSet<String>, by: &Self| {
            let both = kept.iter().filter(|name| by.keeps(name));
            Self::Keep(both.cloned().collect())
        };
        match (self, other) {
            (Self::Keep(kept), by) | (by, Self::Keep(kept)) => join(kept, by),
            (Self::Drop(one), Self::Drop(other)) => Self::Drop(one | other),
        }
    }

    /// The labels that the filter removes.
    pub(crate) fn removed(&self, labels: &[KeyValue]) -> Vec<KeyValue> {
        labels
            .iter()
            .filter(|label| !self.keeps(label.key.as_str()))
            .cloned()
            .collect()
    }
}

impl fmt::Display for LabelFilter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, names) = match self {
            Self::Keep(names) => ("only the labels", names),
            Self::Drop(names) => ("no labels", names),
        };
        let sorted: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        write!(out, "{what} `{}`", sorted.join("`, `"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_filters_keep_what_each_keeps() {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
        let keep = |all: &[&str]| LabelFilter::Keep(names(all));
        let drop = |all: &[&str]| LabelFilter::Drop(names(all));
        assert_eq!(keep(&["a", "b"]).and(&keep(&["b", "c"])), keep(&["b"]));
        assert_eq!(keep(&["a", "b"]).and(&drop(&["b"])), keep(&["a"]));
        assert_eq!(drop(&["b"]).and(&keep(&["a", "b"])), keep(&["a"]));
        assert_eq!(drop(&["a"]).and(&drop(&["b"])), drop(&["a", "b"]));
    }

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
