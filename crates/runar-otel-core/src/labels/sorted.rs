//! Labels in canonical order: sorted by name, each name once.

use opentelemetry::KeyValue;

use super::{Labels, query::Label, set::LabelSet, value::ValueRef};

impl LabelSet {
    /// Brings labels into canonical form.
    ///
    /// Of several values for one name the last one wins (OpenTelemetry specification, common: *Attribute collections*).
    #[must_use]
    pub fn of(labels: &[KeyValue]) -> Self {
        SortedLabels::of(labels).to_set()
    }

    /// Makes a set of labels that are all strings.
    #[must_use]
    pub fn of_pairs(labels: Labels<'_>) -> Self {
        SortedLabels::of(labels).to_set()
    }

    /// Joins a set and labels, which win.
    #[must_use]
    pub fn joined(base: &Self, labels: Labels<'_>) -> Self {
        SortedLabels::joined(base, labels).to_set()
    }
}

impl<const N: usize> From<[KeyValue; N]> for LabelSet {
    fn from(labels: [KeyValue; N]) -> Self {
        Self::of(&labels)
    }
}

impl From<&[KeyValue]> for LabelSet {
    fn from(labels: &[KeyValue]) -> Self {
        Self::of(labels)
    }
}

/// The most labels in canonical order that fit on the stack.
const FEW: usize = 16;

/// Labels in canonical order, still borrowed; without an allocation for up to 16 of them.
pub(crate) struct SortedLabels<'a> {
    few: [(&'a str, ValueRef<'a>); FEW],
    length: usize,
    many: Vec<(&'a str, ValueRef<'a>)>,
}

impl<'a> SortedLabels<'a> {
    fn new() -> Self {
        Self {
            few: [("", ValueRef::Bool(false)); FEW],
            length: 0,
            many: Vec::new(),
        }
    }

    /// Sorts labels; of several of one name the last one wins.
    pub(crate) fn of(labels: &'a [impl Label]) -> Self {
        let mut sorted = Self::new();
        sorted.add(labels);
        sorted
    }

    /// Joins the labels of a handle and those of a measurement, which win.
    pub(crate) fn joined(base: &'a LabelSet, labels: &'a [impl Label]) -> Self {
        let mut sorted = Self::new();
        base.iter()
            .for_each(|(name, value)| sorted.put(name, value));
        sorted.add(labels);
        sorted
    }

    fn add(&mut self, labels: &'a [impl Label]) {
        for label in labels {
            self.put(label.name(), label.value());
        }
    }

    /// Removes the labels that are not kept.
    pub(crate) fn retain(&mut self, keeps: impl Fn(&str) -> bool) {
        if !self.many.is_empty() {
            self.many.retain(|(name, _)| keeps(name));
            return;
        }
        let mut kept = 0;
        for at in 0..self.length {
            let Some(label) = self.few.get(at).copied() else {
                return;
            };
            if keeps(label.0) {
                if let Some(place) = self.few.get_mut(kept) {
                    *place = label;
                }
                kept += 1;
            }
        }
        self.length = kept;
    }

    fn put(&mut self, name: &'a str, value: ValueRef<'a>) {
        let labels = self.as_slice();
        // Most come sorted: then the place is the end.
        let at = match labels.last() {
            Some((last, _)) if *last >= name => {
                match labels.binary_search_by(|(known, _)| (*known).cmp(name)) {
                    Ok(at) => return self.replace(at, value),
                    Err(at) => at,
                }
            }
            _ => labels.len(),
        };
        if self.many.is_empty() && self.length < FEW {
            let end = self.length + 1;
            if let Some(moved) = self.few.get_mut(at..end) {
                moved.rotate_right(1);
                if let Some(place) = moved.first_mut() {
                    *place = (name, value);
                }
            }
            self.length = end;
        } else {
            if self.many.is_empty() {
                self.many = self.few.to_vec();
            }
            self.many.insert(at, (name, value));
        }
    }

    fn replace(&mut self, at: usize, value: ValueRef<'a>) {
        let labels = if self.many.is_empty() {
            &mut self.few[..]
        } else {
            &mut self.many[..]
        };
        if let Some(label) = labels.get_mut(at) {
            label.1 = value;
        }
    }

    /// The labels, sorted by name.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[(&'a str, ValueRef<'a>)] {
        if self.many.is_empty() {
            self.few.get(..self.length).unwrap_or_default()
        } else {
            &self.many
        }
    }

    /// Packs the labels into a set.
    pub(crate) fn to_set(&self) -> LabelSet {
        LabelSet::pack(self.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::{Array, Value};
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            "[ab\u{e9}]{0,3}".prop_map(Value::from),
            "[ab]{60,130}".prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop::collection::vec(any::<i64>(), 0..3).prop_map(|all| Value::Array(all.into())),
            prop::collection::vec(any::<bool>(), 0..3).prop_map(|all| Value::Array(all.into())),
            prop::collection::vec("[ab]{0,3}", 0..3).prop_map(|all| {
                let all: Vec<opentelemetry::StringValue> =
                    all.into_iter().map(Into::into).collect();
                Value::Array(Array::String(all))
            }),
        ]
    }

    fn labels() -> impl Strategy<Value = Vec<KeyValue>> {
        let label = ("[a-d]{0,2}|[a-d]{70}", value());
        prop::collection::vec(
            label.prop_map(|(name, value)| KeyValue::new(name, value)),
            0..20,
        )
    }

    /// The canonical form by another way: a sorted map.
    fn sorted(labels: &[KeyValue]) -> Vec<KeyValue> {
        let map: std::collections::BTreeMap<String, Value> = labels
            .iter()
            .map(|one| (one.key.to_string(), one.value.clone()))
            .collect();
        map.into_iter()
            .map(|(name, value)| KeyValue::new(name, value))
            .collect()
    }

    proptest! {
        #[test]
        fn a_set_gives_back_its_labels(labels in labels()) {
            let set = LabelSet::of(&labels);
            prop_assert_eq!(&set, &sorted(&labels)[..]);
            let again = LabelSet::of(&set.to_key_values());
            prop_assert_eq!(&set, &again);
            for (name, value) in &set {
                prop_assert_eq!(set.get(name), Some(value));
            }
        }

        #[test]
        fn sets_are_equal_if_their_labels_are(one in labels(), other in labels()) {
            let equal = LabelSet::of(&one) == LabelSet::of(&other);
            let same = LabelSet::of(&one) == sorted(&other)[..];
            prop_assert_eq!(equal, same);
        }
    }

    #[test]
    fn the_last_value_of_a_name_wins() {
        let set = LabelSet::of(&[
            KeyValue::new("b", 0),
            KeyValue::new("a", 1),
            KeyValue::new("a", 2),
        ]);
        assert_eq!(set, [KeyValue::new("a", 2), KeyValue::new("b", 0)]);
    }

    #[test]
    fn the_type_is_part_of_the_value() {
        let texts = [
            LabelSet::of(&[KeyValue::new("a", 1)]),
            LabelSet::of(&[KeyValue::new("a", "1")]),
            LabelSet::of(&[KeyValue::new("a", 1.0)]),
            LabelSet::of(&[KeyValue::new("a", Value::Array(vec![1_i64].into()))]),
        ];
        for (at, one) in texts.iter().enumerate() {
            for (other_at, other) in texts.iter().enumerate() {
                assert_eq!(one == other, at == other_at);
            }
        }
    }
}
