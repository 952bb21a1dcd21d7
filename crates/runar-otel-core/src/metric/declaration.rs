//! The declaration of a metric at one place in the source.

use std::{borrow::Cow, panic::Location};

use super::InstrumentKind;

/// Properties of a metric as one place in the source declares them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricDeclaration {
    /// Name of the metric.
    pub name: Cow<'static, str>,
    /// The kind of instrument.
    pub kind: InstrumentKind,
    /// The unit in UCUM, empty for none; `None` if the place does not say.
    pub unit: Option<Cow<'static, str>>,
    /// The meaning of the metric; empty if the place does not say.
    pub description: Cow<'static, str>,
    /// The names of the labels; `None` if the place does not say.
    pub labels: Option<Vec<Cow<'static, str>>>,
    /// The bucket bounds; `None` if the place does not say.
    pub buckets: Option<Vec<f64>>,
    /// The place in the source.
    pub at: &'static Location<'static>,
}
