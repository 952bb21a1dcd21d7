//! Labels of Prometheus: sanitized names and values as text.

use std::borrow::Cow;

use opentelemetry::InstrumentationScope;

use super::{
    number::{Quotes, write_escaped},
    sanitize::{is_label_name, sanitize_label},
    value::text_of,
};
use crate::{encode::pair::Pair, snapshot::Naming};

const SCOPE: [&str; 3] = [
    "otel_scope_name",
    "otel_scope_version",
    "otel_scope_schema_url",
];

/// A label as Prometheus reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label<'a> {
    /// The name, valid in Prometheus.
    pub(crate) name: Cow<'a, str>,
    /// The value, not escaped.
    pub(crate) value: Cow<'a, str>,
    /// The name before it was sanitized: decides the order of joined values.
    key: Cow<'a, str>,
}

impl<'a> Label<'a> {
    fn of((key, value): Pair<'a>, rules: LabelRules) -> Self {
        Self {
            name: rules.name(key),
            value: text_of(value),
            key: Cow::Borrowed(key),
        }
    }

    fn fixed(name: &'static str, value: &str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: Cow::Owned(value.to_owned()),
            key: Cow::Borrowed(name),
        }
    }

    fn borrowed(&'a self) -> Self {
        Self {
            name: Cow::Borrowed(&self.name),
            value: Cow::Borrowed(&self.value),
            key: Cow::Borrowed(&self.key),
        }
    }
}

/// A label name that a type needs for itself, and the name that a label of ours gets instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved {
    /// `le` or `quantile`.
    pub(crate) name: &'static str,
    /// The name with `exported_` before it.
    pub(crate) instead: &'static str,
}

/// The rules for the label names of one family in one scope.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LabelRules {
    /// The label that samples of the family carry themselves.
    pub(crate) reserved: Option<Reserved>,
    /// The origin of the names.
    pub(crate) naming: Naming,
}

impl LabelRules {
    /// Returns the name of a label on the page.
    pub(super) fn name(self, key: &str) -> Cow<'_, str> {
        let name = match self.naming {
            Naming::Prometheus if is_label_name(key) => Cow::Borrowed(key),
            _ => sanitize_label(key),
        };
        match self.reserved {
            Some(reserved) if reserved.name == name => Cow::Borrowed(reserved.instead),
            _ => name,
        }
    }
}

/// Puts the labels of one series into `labels`: sorted by name, each name once, none with an empty value.
///
/// Values whose names become one are joined with `;` in the order of the names as they were (OpenTelemetry
/// specification, compatibility: *Metric Attributes*). A label without a value is the same as no label.
pub(crate) fn collect<'a>(
    labels: &mut Vec<Label<'a>>,
    pairs: impl Iterator<Item = Pair<'a>>,
    scope: &'a [Label<'a>],
    rules: LabelRules,
) {
    labels.clear();
    labels.extend(pairs.map(|pair| Label::of(pair, rules)));
    labels.extend(scope.iter().map(Label::borrowed));
    join_equal_names(labels);
}

/// Makes the labels `otel_scope_…`, which name the meter of a series.
///
/// Attributes of the scope that would hide its name, version or schema are dropped (OpenTelemetry specification,
/// compatibility: *Instrumentation Scope*).
pub(crate) fn of_scope(scope: &InstrumentationScope) -> Vec<Label<'static>> {
    let values = [
        scope.name(),
        scope.version().unwrap_or_default(),
        scope.schema_url().unwrap_or_default(),
    ];
    let mut labels: Vec<Label<'static>> = scope
        .attributes()
        .map(|attribute| {
            let key = format!("otel_scope_{}", attribute.key);
            Label {
                name: Cow::Owned(sanitize_label(&key).into_owned()),
                value: Cow::Owned(text_of((&attribute.value).into()).into_owned()),
                key: Cow::Owned(key),
            }
        })
        .filter(|label| !SCOPE.contains(&label.name.as_ref()))
        .collect();
    labels.extend(
        SCOPE
            .into_iter()
            .zip(values)
            .map(|(name, value)| Label::fixed(name, value)),
    );
    join_equal_names(&mut labels);
    labels
}

/// Writes labels as `name="value",…`, without braces.
pub(crate) fn write(out: &mut String, labels: &[Label<'_>]) {
    for (at, label) in labels.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&label.name);
        out.push_str("=\"");
        write_escaped(out, &label.value, Quotes::Escaped);
        out.push('"');
    }
}

fn join_equal_names(labels: &mut Vec<Label<'_>>) {
    if !labels.is_sorted_by(|one, next| one.name < next.name) {
        labels.sort_by(|one, next| (&one.name, &one.key).cmp(&(&next.name, &next.key)));
        labels.dedup_by(|next, kept| {
            let same = next.name == kept.name;
            if same {
                let joined = kept.value.to_mut();
                joined.push(';');
                joined.push_str(&next.value);
            }
            same
        });
    }
    labels.retain(|label| !label.value.is_empty());
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::*;
    use crate::encode::pair::pairs;

    const LE: Reserved = Reserved {
        name: "le",
        instead: "exported_le",
    };

    fn written(attributes: &[KeyValue], scope: &[Label<'_>], reserved: Option<Reserved>) -> String {
        let rules = LabelRules {
            reserved,
            ..LabelRules::default()
        };
        written_by(rules, attributes, scope)
    }

    fn written_by(rules: LabelRules, attributes: &[KeyValue], scope: &[Label<'_>]) -> String {
        let mut labels = Vec::new();
        collect(&mut labels, pairs(attributes), scope, rules);
        let mut out = String::new();
        write(&mut out, &labels);
        out
    }

    #[test]
    fn colliding_keys_are_joined_in_the_order_of_the_keys() {
        let attributes = [
            KeyValue::new("a_b", "under"),
            KeyValue::new("a.b", "dot"),
            KeyValue::new("a-b", 1),
        ];
        assert_eq!(written(&attributes, &[], None), r#"a_b="1;dot;under""#);
    }

    #[test]
    fn reserved_names_move_away() {
        let attributes = [KeyValue::new("le", "x"), KeyValue::new("z", "y")];
        assert_eq!(
            written(&attributes, &[], Some(LE)),
            r#"exported_le="x",z="y""#
        );
        assert_eq!(written(&attributes, &[], None), r#"le="x",z="y""#);
    }

    #[test]
    fn names_of_prometheus_stay_if_they_are_valid() {
        let rules = LabelRules {
            reserved: Some(LE),
            naming: Naming::Prometheus,
        };
        let attributes = ["a__b", "__c", "d.e", "__name__", "le"].map(|key| KeyValue::new(key, 1));
        assert_eq!(
            written_by(rules, &attributes, &[]),
            r#"__c="1",_name_="1",a__b="1",d_e="1",exported_le="1""#
        );
    }

    #[test]
    fn empty_values_are_no_labels() {
        let attributes = [KeyValue::new("a", ""), KeyValue::new("b", "1")];
        assert_eq!(written(&attributes, &[], None), r#"b="1""#);
    }

    #[test]
    fn scopes_become_labels() {
        let scope = InstrumentationScope::builder("shop")
            .with_version("1.2")
            .with_attributes([
                KeyValue::new("name", "dropped"),
                KeyValue::new("team.id", 7),
            ])
            .build();
        assert_eq!(
            written(&[KeyValue::new("a", "x")], &of_scope(&scope), None),
            r#"a="x",otel_scope_name="shop",otel_scope_team_id="7",otel_scope_version="1.2""#
        );
    }

    #[test]
    fn attributes_named_like_scope_labels_are_joined_with_them() {
        let scope = InstrumentationScope::builder("shop").build();
        let attributes = [KeyValue::new("otel.scope.name", "mine")];
        assert_eq!(
            written(&attributes, &of_scope(&scope), None),
            r#"otel_scope_name="mine;shop""#
        );
    }
}
