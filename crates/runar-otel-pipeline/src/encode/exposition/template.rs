//! The label text of series that have the same label names, with gaps for the values.

use runar_otel_core::labels::{LabelSet, ValueRef};

use super::{
    label::{Label, LabelRules},
    number::{Quotes, write_escaped},
    value::text_of,
};

/// The text that series have in common whose labels have the same names, and are empty in the same places.
///
/// Names are translated and sorted once instead of once per series.
#[derive(Debug)]
pub(super) struct Template {
    /// The labels in the order of the page.
    parts: Vec<Part>,
    /// The text after the last value.
    end: String,
    /// True if a label set has its labels in the order of the page as well.
    in_order: bool,
    /// True if several labels become one, which a template cannot write.
    joined: bool,
}

/// A label of a template, with the text before its value.
#[derive(Debug)]
struct Part {
    /// The name in a label set.
    key: String,
    /// The name on the page.
    name: String,
    /// True if the value is empty, which is as good as no label.
    empty: bool,
    /// The text before the value.
    before: String,
}

/// The result of writing a series with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The labels are written.
    Written,
    /// The series has other names, or is empty in other places. A part of it may be written.
    Unlike,
    /// Several labels become one. Nothing is written.
    Joined,
}

impl Template {
    /// Prepares the text for series like this one.
    pub(super) fn of(labels: &LabelSet, scope: &[Label<'_>], rules: LabelRules) -> Self {
        let mut parts: Vec<Part> = labels
            .iter()
            .map(|(key, value)| Part::of(key, value, rules))
            .collect();
        let in_order = parts.is_sorted_by(|one, next| one.name < next.name);
        parts.sort_by(|one, next| one.name.cmp(&next.name));
        let twice = !parts.is_sorted_by(|one, next| one.name < next.name);
        let hidden = |part: &Part| scope.iter().any(|label| label.name == part.name);
        let joined = twice || parts.iter().any(hidden);
        let mut text = Text::default();
        let mut fixed = scope.iter().peekable();
        for part in &mut parts {
            while let Some(label) = fixed.next_if(|label| *label.name < *part.name) {
                text.fixed(label);
            }
            if !part.empty {
                part.before = text.up_to_value(&part.name);
            }
        }
        fixed.for_each(|label| text.fixed(label));
        Self {
            parts,
            end: text.piece,
            in_order,
            joined,
        }
    }

    /// Writes the labels of a series, if it has the same names and is empty in the same places.
    #[inline]
    pub(super) fn write(&self, out: &mut String, labels: &LabelSet) -> Outcome {
        if self.joined || !self.in_order {
            return self.write_out_of_order(out, labels);
        }
        let mut labels = labels.iter();
        for part in &self.parts {
            // A string is read where it lies. Moving the value first costs more than writing it: the value is moved in
            // other pieces than it was put together from, for which the processor has to wait until its store buffer is
            // empty.
            let is_written = match labels.next() {
                Some((key, ValueRef::Str(text))) => part.key == key && part.write_text(out, text),
                Some((key, value)) => part.key == key && part.write(out, value),
                None => false,
            };
            if !is_written {
                return Outcome::Unlike;
            }
        }
        if labels.next().is_some() {
            return Outcome::Unlike;
        }
        out.push_str(&self.end);
        Outcome::Written
    }

    fn write_out_of_order(&self, out: &mut String, labels: &LabelSet) -> Outcome {
        if labels.iter().count() != self.parts.len() {
            return Outcome::Unlike;
        }
        let start = out.len();
        for part in &self.parts {
            let value = labels.get(&part.key);
            if !value.is_some_and(|value| part.write(out, value)) {
                return Outcome::Unlike;
            }
        }
        if self.joined {
            out.truncate(start);
            return Outcome::Joined;
        }
        out.push_str(&self.end);
        Outcome::Written
    }
}

impl Part {
    fn of(key: &str, value: ValueRef<'_>, rules: LabelRules) -> Self {
        Self {
            key: key.to_owned(),
            name: rules.name(key).into_owned(),
            empty: matches!(value, ValueRef::Str("")),
            before: String::new(),
        }
    }

    /// Writes a string; `false` if it is empty and the template's value is not, or the other way round.
    #[inline]
    fn write_text(&self, out: &mut String, text: &str) -> bool {
        out.push_str(&self.before);
        write_escaped(out, text, Quotes::Escaped);
        text.is_empty() == self.empty
    }

    /// Writes a value; `false` if it is empty and the template's value is not, or the other way round.
    fn write(&self, out: &mut String, value: ValueRef<'_>) -> bool {
        match value {
            ValueRef::Str(text) => return self.write_text(out, text),
            ValueRef::I64(value) => {
                out.push_str(&self.before);
                out.push_str(itoa::Buffer::new().format(value));
            }
            other => {
                out.push_str(&self.before);
                write_escaped(out, &text_of(other), Quotes::Escaped);
            }
        }
        !self.empty
    }
}

/// Text that is written label by label.
#[derive(Default)]
struct Text {
    piece: String,
    /// True once there is a label.
    begun: bool,
}

impl Text {
    /// Adds a label of the scope.
    fn fixed(&mut self, label: &Label<'_>) {
        self.open(&label.name);
        write_escaped(&mut self.piece, &label.value, Quotes::Escaped);
        self.piece.push('"');
    }

    /// Adds a label, and returns the text before its value.
    fn up_to_value(&mut self, name: &str) -> String {
        self.open(name);
        std::mem::replace(&mut self.piece, "\"".to_owned())
    }

    fn open(&mut self, name: &str) {
        if std::mem::replace(&mut self.begun, true) {
            self.piece.push(',');
        }
        self.piece.push_str(name);
        self.piece.push_str("=\"");
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::*;
    use crate::encode::exposition::label;

    fn of(labels: &[KeyValue]) -> Template {
        Template::of(&LabelSet::of(labels), &[], LabelRules::default())
    }

    fn write(template: &Template, labels: &[KeyValue]) -> (Outcome, String) {
        let mut out = String::new();
        let outcome = template.write(&mut out, &LabelSet::of(labels));
        (outcome, out)
    }

    #[test]
    fn names_that_become_one_are_not_for_a_template() {
        let same = [KeyValue::new("a.b", 1), KeyValue::new("a_b", 2)];
        assert_eq!(write(&of(&same), &same), (Outcome::Joined, String::new()));
        let scope = opentelemetry::InstrumentationScope::builder("m").build();
        let hides = LabelSet::from([KeyValue::new("otel_scope_name", "x")]);
        let template = Template::of(&hides, &label::of_scope(&scope), LabelRules::default());
        assert_eq!(template.write(&mut String::new(), &hides), Outcome::Joined);
    }

    #[test]
    fn a_template_takes_its_names_only() {
        let template = of(&[KeyValue::new("a", "one")]);
        let other = write(&template, &[KeyValue::new("a", "other")]);
        assert_eq!(other, (Outcome::Written, r#"a="other""#.to_owned()));
        let typed = write(&template, &[KeyValue::new("a", true)]);
        assert_eq!(typed, (Outcome::Written, r#"a="true""#.to_owned()));
        let unlike: [&[KeyValue]; 4] = [
            &[],
            &[KeyValue::new("b", "one")],
            &[KeyValue::new("a", "one"), KeyValue::new("b", "one")],
            &[KeyValue::new("a", "")],
        ];
        for labels in unlike {
            assert_eq!(write(&template, labels).0, Outcome::Unlike, "{labels:?}");
        }
    }

    #[test]
    fn names_may_change_their_order() {
        // A point comes before a digit, an underscore after it.
        let labels = [
            KeyValue::new("a.b", "1"),
            KeyValue::new("a0", "2"),
            KeyValue::new("b", ""),
        ];
        let template = of(&labels);
        let expected = (Outcome::Written, r#"a0="2",a_b="1""#.to_owned());
        assert_eq!(write(&template, &labels), expected);
        assert_eq!(write(&template, &labels[..2]).0, Outcome::Unlike);
        assert_eq!(write(&template, &labels[1..]).0, Outcome::Unlike);
    }

    #[test]
    fn an_empty_value_has_a_template_of_its_own() {
        let labels = |value: &'static str| [KeyValue::new("a", value), KeyValue::new("b", "x")];
        let template = of(&labels(""));
        let expected = (Outcome::Written, r#"b="x""#.to_owned());
        assert_eq!(write(&template, &labels("")), expected);
        assert_eq!(write(&template, &labels("y")).0, Outcome::Unlike);
        let typed = [KeyValue::new("a", 0), KeyValue::new("b", "x")];
        assert_eq!(write(&template, &typed).0, Outcome::Unlike);
    }
}
