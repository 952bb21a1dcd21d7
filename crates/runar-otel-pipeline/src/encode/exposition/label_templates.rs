//! Writes labels with templates: for a series whose label names are known, only the values cost time.

use runar_otel_core::labels::LabelSet;

use super::{
    label::{self, Label, LabelRules},
    template::{Outcome, Template},
};

/// The largest number of templates that are kept for one metric.
const MOST: usize = 16;

/// Writes the labels of one series after the other.
#[derive(Debug, Default)]
pub(super) struct LabelTemplates<'a> {
    /// The templates of the current metric.
    templates: Vec<Template>,
    /// Index of the template that fitted the series before.
    last: usize,
    scratch: Vec<Label<'a>>,
}

impl<'a> LabelTemplates<'a> {
    /// Begins with another metric.
    pub(super) fn begin(&mut self) {
        self.templates.clear();
    }

    /// Writes the labels of a series, without braces.
    #[inline]
    pub(super) fn write(
        &mut self,
        out: &mut String,
        labels: &'a LabelSet,
        scope: &'a [Label<'a>],
        rules: LabelRules,
    ) {
        let start = out.len();
        let template = self.templates.get(self.last);
        let mut outcome = template.map_or(Outcome::Unlike, |template| template.write(out, labels));
        if outcome == Outcome::Unlike {
            out.truncate(start);
            outcome = self.find(out, labels, scope, rules);
        }
        if outcome == Outcome::Joined {
            label::collect(&mut self.scratch, labels.iter(), scope, rules);
            label::write(out, &self.scratch);
        }
    }

    /// Finds the template of a series, or makes it.
    #[cold]
    fn find(
        &mut self,
        out: &mut String,
        labels: &LabelSet,
        scope: &[Label<'_>],
        rules: LabelRules,
    ) -> Outcome {
        let start = out.len();
        for (at, template) in self.templates.iter().enumerate() {
            let outcome = template.write(out, labels);
            if outcome != Outcome::Unlike {
                self.last = at;
                return outcome;
            }
            out.truncate(start);
        }
        let template = Template::of(labels, scope, rules);
        let outcome = template.write(out, labels);
        if self.templates.len() == MOST {
            self.templates.clear();
        }
        self.last = self.templates.len();
        self.templates.push(template);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::{InstrumentationScope, KeyValue, Value};
    use proptest::prelude::*;

    use super::*;
    use crate::{encode::exposition::label::Reserved, snapshot::Naming};

    const LE: Reserved = Reserved {
        name: "le",
        instead: "exported_le",
    };

    fn rules(naming: Naming) -> LabelRules {
        LabelRules {
            reserved: Some(LE),
            naming,
        }
    }

    fn scope() -> Vec<Label<'static>> {
        let scope = InstrumentationScope::builder("m\"eter")
            .with_version("1")
            .with_attributes([KeyValue::new("team", "a")])
            .build();
        label::of_scope(&scope)
    }

    fn collected(labels: &LabelSet, scope: &[Label<'_>], rules: LabelRules) -> String {
        let (mut collected, mut out) = (Vec::new(), String::new());
        label::collect(&mut collected, labels.iter(), scope, rules);
        label::write(&mut out, &collected);
        out
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => "[a\"\\\\\né]{0,3}".prop_map(Value::from),
            1 => "[01]|true".prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => (0..2_i64).prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => any::<f64>().prop_map(Value::from),
            1 => prop::collection::vec(any::<f64>(), 0..3).prop_map(|all| Value::Array(all.into())),
        ]
    }

    fn set() -> impl Strategy<Value = LabelSet> {
        let name = prop_oneof!["[ab]([._]{1,2}[ab0]?)?", "le|otel.scope.name|[a-c._é]{1,3}"];
        let label = (name, value()).prop_map(|(name, value)| KeyValue::new(name, value));
        prop::collection::vec(label, 0..5).prop_map(|labels| LabelSet::of(&labels))
    }

    proptest! {
        #[test]
        fn a_template_writes_what_collecting_writes(
            sets in prop::collection::vec(set(), 1..40),
            with_scope in any::<bool>(),
            ours in any::<bool>(),
        ) {
            let rules = rules(if ours { Naming::OpenTelemetry } else { Naming::Prometheus });
            let scope = if with_scope { scope() } else { Vec::new() };
            let mut templates = LabelTemplates::default();
            templates.begin();
            for set in sets.iter().chain(sets.iter().rev()) {
                let mut out = "before ".to_owned();
                templates.write(&mut out, set, &scope, rules);
                prop_assert_eq!(out, format!("before {}", collected(set, &scope, rules)));
            }
        }
    }

    #[test]
    fn series_of_any_names_may_follow_one_another() {
        let sets: Vec<LabelSet> = (0..200)
            .map(|at| {
                let names = (0..at % 40).map(|name| KeyValue::new(format!("n{name}"), at));
                LabelSet::of(&names.collect::<Vec<_>>())
            })
            .collect();
        let rules = rules(Naming::OpenTelemetry);
        let mut templates = LabelTemplates::default();
        templates.begin();
        for (one, other) in sets.iter().zip(sets.iter().rev()) {
            for labels in [one, other, one] {
                let mut out = String::new();
                templates.write(&mut out, labels, &[], rules);
                assert_eq!(out, collected(labels, &[], rules));
            }
        }
    }
}
