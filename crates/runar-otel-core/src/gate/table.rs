//! The table of streams, by their names.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use opentelemetry::InstrumentationScope;

use crate::{
    metric::{InstrumentKind, number::NumberKind},
    series::{Rules, Stream},
};

/// A name in a meter, without regard to case.
///
/// OpenTelemetry specification, metrics SDK: *Name conflict*.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct MetricName(InstrumentationScope, String);

impl MetricName {
    fn new(scope: &InstrumentationScope, name: &str) -> Self {
        Self(scope.clone(), name.to_ascii_lowercase())
    }
}

/// A stream, and the place of the view that made it first; `None` if no view did.
#[derive(Clone, Debug)]
pub(super) struct StreamEntry {
    pub(super) stream: Arc<Stream>,
    view: Option<usize>,
}

/// The streams of a provider, by name and in order.
#[derive(Debug, Default)]
pub(super) struct StreamTable {
    by_name: HashMap<MetricName, Vec<StreamEntry>>,
    /// The streams in the order in which they came.
    all: Vec<Arc<Stream>>,
    /// The first spelling of each instrument's name.
    spellings: HashMap<MetricName, Cow<'static, str>>,
}

impl StreamTable {
    pub(super) fn all(&self) -> &[Arc<Stream>] {
        &self.all
    }

    /// Returns the first spelling of an instrument's name: this one, if there is no earlier one.
    pub(super) fn spelling(
        &mut self,
        scope: &InstrumentationScope,
        name: Cow<'static, str>,
    ) -> Cow<'static, str> {
        let first = self.spellings.entry(MetricName::new(scope, &name));
        first.or_insert(name).clone()
    }

    /// The first stream of a name, unit and kind.
    pub(super) fn find(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        kind: InstrumentKind,
    ) -> Option<&Arc<Stream>> {
        let entries = self.by_name.get(&MetricName::new(scope, name))?;
        let mut streams = entries.iter().map(|entry| &entry.stream);
        streams.find(|stream| stream.plan().unit == unit && stream.plan().kind == kind)
    }

    /// Returns the known stream for records under these rules, made by this view.
    ///
    /// One view makes one stream of identical instruments, by the rules of the first one: OpenTelemetry specification,
    /// metrics SDK, *Instrument advisory parameters*. Views that make the same of instruments share it, too.
    pub(super) fn known(&self, rules: &Rules, view: Option<usize>) -> Option<&Arc<Stream>> {
        let of_name = || {
            let entries = self.of_name(rules).iter();
            entries.filter(|entry| is_one_metric(entry.stream.rules(), rules))
        };
        let known = of_name()
            .find(|entry| entry.view == view && entry.stream.rules().labels == rules.labels)
            .or_else(|| of_name().find(|entry| entry.stream.rules().are_like(rules)));
        known.map(|entry| &entry.stream)
    }

    /// Adds a stream. Returns the first other one of its name.
    pub(super) fn add(&mut self, stream: &Arc<Stream>, view: Option<usize>) -> Option<Arc<Stream>> {
        let plan = stream.plan();
        let name = MetricName::new(&plan.scope, &plan.name);
        let entries = self.by_name.entry(name).or_default();
        let other = entries.first().map(|entry| entry.stream.clone());
        entries.push(StreamEntry {
            stream: stream.clone(),
            view,
        });
        self.all.push(stream.clone());
        other
    }

    fn of_name(&self, rules: &Rules) -> &[StreamEntry] {
        let name = MetricName::new(&rules.plan.scope, &rules.plan.name);
        self.by_name
            .get(&name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// True if both make one metric for a reader.
fn is_one_metric(one: &Rules, other: &Rules) -> bool {
    let (plan, others) = (&one.plan, &other.plan);
    plan.unit == others.unit && plan.kind == others.kind && is_one_number(one.number, other.number)
}

/// True if instruments of both number types may share a stream: whole numbers and fractions may not, because fractions
/// would be rounded.
pub(super) fn is_one_number(one: NumberKind, other: NumberKind) -> bool {
    (one == NumberKind::F64) == (other == NumberKind::F64)
}
