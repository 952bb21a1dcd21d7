//! Reports on metrics that have reached their cardinality limit.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    object::Series,
    places::{NoPlace, ceiling, process_is_full},
    stream::Stream,
};
use crate::{
    labels::{LabelSet, ValueRef},
    metric::OVERFLOW_KEY,
    report,
};

/// The most series that are searched for the widest label.
const MOST_LOOKED_AT: usize = 10_000;

/// The label with the most values, and their number.
struct WidestLabel {
    name: String,
    values: usize,
}

impl Stream {
    /// Reports, once, that the metric has more label sets than its limit allows. Returns the number of limits reached:
    /// those of functions, or its own; `None` if no label set ever went without a place. Not on a recording thread.
    pub(crate) fn report_overflow(&self) -> Option<usize> {
        let reason = self.first_overflow.reason()?;
        let plan = &self.rules.plan;
        report::once(("overflow", plan.scope.name(), &plan.name), || {
            self.overflow_report(reason)
        });
        let at_limit = self.lock().places.at_limit(plan.limit);
        Some(at_limit.max(usize::from(process_is_full())))
    }

    fn overflow_report(&self, reason: &NoPlace) -> String {
        let (name, limit) = (&self.rules.plan.name, self.rules.plan.limit);
        let (reached, of, expected) = match reason {
            NoPlace::Limit(function) => (
                format!("its limit of {limit} label sets{}", of_function(function)),
                function.clone(),
                "a higher limit",
            ),
            NoPlace::Ceiling => (
                format!("the limit of {} label sets per process", ceiling()),
                LabelSet::empty(),
                "a higher ceiling",
            ),
        };
        let widest = self.widest_label(&of).map_or_else(String::new, |widest| {
            format!(
                "the label with the most values is `{}` ({}); ",
                widest.name, widest.values
            )
        });
        format!(
            "metric `{name}` has reached {reached}: {widest}what exceeds the limit is counted in the series \
             {OVERFLOW_KEY}=\"true\"; expected fewer label values, or {expected}"
        )
    }

    /// The label with the most values among the series of a function.
    fn widest_label(&self, function: &LabelSet) -> Option<WidestLabel> {
        let all = self.lock().members.all();
        let is_of = |series: &Series| {
            let own = |(name, value)| series.labels().get(name) == Some(value);
            function.iter().all(own)
        };
        let mut values: HashMap<&str, HashSet<Cow<'_, str>>> = HashMap::new();
        let counted = all
            .iter()
            .filter(|series| series.takes_place() && is_of(series));
        for series in counted.take(MOST_LOOKED_AT) {
            for (name, value) in series.labels() {
                values.entry(name).or_default().insert(value.packed());
            }
        }
        let widest = values.into_iter().max_by_key(|(_, values)| values.len());
        widest.map(|(name, values)| WidestLabel {
            name: name.to_owned(),
            values: values.len(),
        })
    }
}

/// Names a function in a message: ` for name="value", …`; empty if the limit is that of the metric.
fn of_function(function: &LabelSet) -> String {
    let text = |value: ValueRef<'_>| value.packed().into_owned();
    let labels: Vec<String> = function
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", text(value)))
        .collect();
    match labels.is_empty() {
        true => String::new(),
        false => format!(" for {}", labels.join(", ")),
    }
}
