//! One declaration of a metric.

use std::{borrow::Cow, panic::Location};

use crate::metric::InstrumentKind;

/// What one place in the source says of a metric.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Declared {
    /// The metric's name.
    pub name: Cow<'static, str>,
    /// Its kind.
    pub kind: InstrumentKind,
    /// Its unit in UCUM, empty for none; `None` if the place does not say.
    pub unit: Option<Cow<'static, str>>,
    /// What it means; empty if the place does not say.
    pub description: Cow<'static, str>,
    /// The names of its labels; `None` if the place does not say.
    pub labels: Option<Vec<Cow<'static, str>>>,
    /// Its bucket bounds, if the place says them.
    pub buckets: Option<Vec<f64>>,
    /// The place.
    pub at: &'static Location<'static>,
}
