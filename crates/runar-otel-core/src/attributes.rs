//! Attribute sets in one canonical form: sorted by key, each key once.

use std::sync::Arc;

use opentelemetry::KeyValue;

/// A canonical attribute set: sorted by key, every key once.
///
/// Cheap to clone; equal sets compare and hash equal whatever order they were recorded in.
pub type Attributes = Arc<[KeyValue]>;

/// Brings an attribute set into canonical form.
///
/// Of several values for one key the last one wins (OpenTelemetry specification, common: *Attribute
/// collections*).
#[must_use]
pub fn canonical(attributes: &[KeyValue]) -> Attributes {
    if is_canonical(attributes) {
        return attributes.into();
    }
    let mut sorted: Vec<KeyValue> = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        match sorted.binary_search_by(|known| known.key.as_str().cmp(attribute.key.as_str())) {
            Ok(at) => {
                if let Some(known) = sorted.get_mut(at) {
                    known.value = attribute.value.clone();
                }
            }
            Err(at) => sorted.insert(at, attribute.clone()),
        }
    }
    sorted.into()
}

/// Tells whether some key occurs twice.
#[must_use]
pub(crate) fn has_duplicates(attributes: &[KeyValue]) -> bool {
    attributes.iter().enumerate().any(|(at, one)| {
        attributes
            .iter()
            .skip(at + 1)
            .any(|other| other.key == one.key)
    })
}

fn is_canonical(attributes: &[KeyValue]) -> bool {
    attributes.is_sorted_by(|one, next| one.key.as_str() < next.key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter() {
        let one = canonical(&[KeyValue::new("b", 1), KeyValue::new("a", "x")]);
        let other = canonical(&[KeyValue::new("a", "x"), KeyValue::new("b", 1)]);
        assert_eq!(one, other);
    }

    #[test]
    fn last_value_of_a_key_wins() {
        let set = [
            KeyValue::new("b", 0),
            KeyValue::new("a", 1),
            KeyValue::new("a", 2),
        ];
        assert!(has_duplicates(&set));
        assert_eq!(
            &*canonical(&set),
            [KeyValue::new("a", 2), KeyValue::new("b", 0)]
        );
    }

    #[test]
    fn type_is_part_of_the_value() {
        assert_ne!(
            canonical(&[KeyValue::new("a", 1)]),
            canonical(&[KeyValue::new("a", "1")])
        );
    }
}
