//! Texts that many label sets have in common, kept once.

use std::{collections::HashSet, sync::Arc};

use opentelemetry::{Key, KeyValue, StringValue, Value};

use crate::attributes::Attributes;

/// How many are kept. What distinguishes series from each other is found in one of them only, and the texts that they
/// share come early.
const MOST: usize = 1024;

/// The keys and values of one metric that more than one series may have.
///
/// Who walks over all series reads each of these texts from one place.
#[derive(Debug, Default)]
pub struct Texts(HashSet<Arc<str>>);

impl Texts {
    /// The same label set, with shared texts.
    #[must_use]
    pub fn share(&mut self, attributes: &Attributes) -> Attributes {
        attributes.iter().map(|one| self.attribute(one)).collect()
    }

    /// A label of these texts, shared or not: either way a copy of it copies no text.
    pub(crate) fn label(&mut self, name: &str, value: &str) -> KeyValue {
        let mut text = |text: &str| self.text(text).unwrap_or_else(|| text.into());
        KeyValue::new(Key::from(text(name)), StringValue::from(text(value)))
    }

    fn attribute(&mut self, attribute: &KeyValue) -> KeyValue {
        let key = self.text(attribute.key.as_str());
        let value = match &attribute.value {
            Value::String(text) => self
                .text(text.as_str())
                .map(|text| Value::String(text.into())),
            _ => None,
        };
        KeyValue::new(
            key.map_or_else(|| attribute.key.clone(), Key::from),
            value.unwrap_or_else(|| attribute.value.clone()),
        )
    }

    fn text(&mut self, text: &str) -> Option<Arc<str>> {
        if let Some(known) = self.0.get(text) {
            return Some(known.clone());
        }
        if self.0.len() >= MOST {
            return None;
        }
        let shared: Arc<str> = text.into();
        self.0.insert(shared.clone());
        Some(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::canonical;

    #[test]
    fn a_label_set_stays_the_same() {
        let mut texts = Texts::default();
        let set = canonical(&[
            KeyValue::new("a", 1),
            KeyValue::new("b", "x"),
            KeyValue::new("c", true),
        ]);
        for _ in 0..2 {
            assert_eq!(texts.share(&set), set);
        }
    }

    #[test]
    fn equal_texts_are_one() {
        let mut texts = Texts::default();
        let set = |value: &str| canonical(&[KeyValue::new("method".to_owned(), value.to_owned())]);
        let [one, other] = ["GET", "GET"].map(|value| texts.share(&set(value)));
        let place = |set: &Attributes| {
            let text = set[0].key.as_str();
            (text.as_ptr(), set[0].value.as_str().as_ptr())
        };
        assert_eq!(place(&one), place(&other));
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut texts = Texts::default();
        for series in 0..2 * MOST {
            let set = canonical(&[KeyValue::new("id", series.to_string())]);
            assert_eq!(texts.share(&set), set);
        }
        assert_eq!(texts.0.len(), MOST);
    }
}
