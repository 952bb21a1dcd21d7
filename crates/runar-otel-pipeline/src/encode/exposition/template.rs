//! The label text of series that have the same keys, with gaps for the values.

use opentelemetry::KeyValue;

use super::{
    label::{self, Label, Reserved},
    name::sanitize_label,
    number::{Quotes, write_escaped},
    value::text_of,
};

/// Writes the labels of one series after the other.
#[derive(Debug, Default)]
pub(super) struct Labelling<'a> {
    /// That of the series before, if it has one.
    template: Option<Template>,
    scratch: Vec<Label<'a>>,
}

impl<'a> Labelling<'a> {
    /// Begins with another metric.
    pub(super) fn begin(&mut self) {
        self.template = None;
    }

    /// Writes the labels of a series, without braces.
    #[inline]
    pub(super) fn write(
        &mut self,
        out: &mut String,
        attributes: &'a [KeyValue],
        scope: &'a [Label<'a>],
        reserved: Option<Reserved>,
    ) {
        let template = self.template.as_ref();
        if !template.is_some_and(|template| template.fits(attributes)) {
            self.template = Template::of(attributes, scope, reserved);
        }
        let (start, template) = (out.len(), self.template.as_ref());
        if template.is_some_and(|template| template.write(out, attributes)) {
            return;
        }
        out.truncate(start);
        label::collect(&mut self.scratch, attributes, scope, reserved);
        label::write(out, &self.scratch);
    }
}

/// What is the same in the labels of one series after the other: names, order, and the labels of the scope.
///
/// Names are translated and sorted once per set of keys instead of once per series.
#[derive(Debug, Default)]
struct Template {
    keys: Vec<String>,
    /// A text, and the place of the attribute whose value follows it.
    parts: Vec<(String, usize)>,
    /// What follows the last value.
    end: String,
}

impl Template {
    /// Prepares the text for these keys; `None` where several become one name, which is for
    /// [`label::collect`] to join.
    fn of(
        attributes: &[KeyValue],
        scope: &[Label<'_>],
        reserved: Option<Reserved>,
    ) -> Option<Self> {
        let keys: Vec<String> = attributes
            .iter()
            .map(|attribute| attribute.key.as_str().to_owned())
            .collect();
        let mut names: Vec<(String, Source<'_>)> = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            let name = sanitize_label(key);
            let name = match reserved {
                Some(reserved) if reserved.name == name => reserved.instead.to_owned(),
                _ => name.into_owned(),
            };
            names.push((name, Source::Attribute(at)));
        }
        let fixed = scope.iter();
        names.extend(fixed.map(|label| (label.name.to_string(), Source::Scope(&label.value))));
        names.sort_by(|one, next| one.0.cmp(&next.0));
        if !names.is_sorted_by(|one, next| one.0 < next.0) {
            return None;
        }
        let (mut parts, mut text) = (Vec::new(), String::new());
        for (at, (name, source)) in names.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text.push_str(name);
            text.push_str("=\"");
            match source {
                Source::Attribute(at) => parts.push((std::mem::take(&mut text), *at)),
                Source::Scope(value) => write_escaped(&mut text, value, Quotes::Escaped),
            }
            text.push('"');
        }
        Some(Self {
            keys,
            parts,
            end: text,
        })
    }

    /// Whether a series has these keys.
    #[inline]
    fn fits(&self, attributes: &[KeyValue]) -> bool {
        self.keys.len() == attributes.len()
            && self
                .keys
                .iter()
                .zip(attributes)
                .all(|(key, attribute)| key == attribute.key.as_str())
    }

    /// Writes the labels of a series; `false` if one has no value and must not be there.
    #[inline]
    fn write(&self, out: &mut String, attributes: &[KeyValue]) -> bool {
        for (before, at) in &self.parts {
            out.push_str(before);
            let value = attributes
                .get(*at)
                .map(|attribute| text_of(&attribute.value));
            match value {
                Some(value) if !value.is_empty() => write_escaped(out, &value, Quotes::Escaped),
                _ => return false,
            }
        }
        out.push_str(&self.end);
        true
    }
}

/// Where the value of a label comes from.
enum Source<'a> {
    Attribute(usize),
    Scope(&'a str),
}

#[cfg(test)]
mod tests {
    use opentelemetry::InstrumentationScope;
    use proptest::prelude::*;

    use super::*;

    fn scope() -> Vec<Label<'static>> {
        let scope = InstrumentationScope::builder("m\"eter")
            .with_version("1")
            .with_attributes([KeyValue::new("team", "a")])
            .build();
        label::of_scope(&scope)
    }

    fn with_template(template: &Template, attributes: &[KeyValue]) -> Option<String> {
        let mut out = String::new();
        template.write(&mut out, attributes).then_some(out)
    }

    fn joined(attributes: &[KeyValue], scope: &[Label<'_>], reserved: Option<Reserved>) -> String {
        let (mut labels, mut out) = (Vec::new(), String::new());
        label::collect(&mut labels, attributes, scope, reserved);
        label::write(&mut out, &labels);
        out
    }

    #[test]
    fn keys_that_become_one_name_have_no_template() {
        let same = [KeyValue::new("a.b", 1), KeyValue::new("a_b", 2)];
        assert!(Template::of(&same, &[], None).is_none());
        let hides = [KeyValue::new("otel_scope_name", "x")];
        assert!(Template::of(&hides, &scope(), None).is_none());
    }

    #[test]
    fn a_template_fits_its_keys_only() {
        let template = Template::of(&[KeyValue::new("a", 1)], &[], None).unwrap();
        assert!(template.fits(&[KeyValue::new("a", "other")]));
        assert!(!template.fits(&[KeyValue::new("b", 1)]));
        assert!(!template.fits(&[]));
        assert_eq!(with_template(&template, &[KeyValue::new("a", "")]), None);
    }

    proptest! {
        #[test]
        fn a_template_writes_what_collecting_writes(
            labels in prop::collection::btree_map("(le|[a-c._é]{1,3})", "[a\"\\\\\né]{0,3}", 0..5),
            with_scope in any::<bool>(),
        ) {
            let attributes: Vec<KeyValue> = labels
                .into_iter()
                .map(|(key, value)| KeyValue::new(key, value))
                .collect();
            let scope = if with_scope { scope() } else { Vec::new() };
            let reserved = Some(Reserved { name: "le", instead: "exported_le" });
            if let Some(template) = Template::of(&attributes, &scope, reserved) {
                prop_assert!(template.fits(&attributes));
                if let Some(written) = with_template(&template, &attributes) {
                    prop_assert_eq!(written, joined(&attributes, &scope, reserved));
                }
            }
        }
    }
}
