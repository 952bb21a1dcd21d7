//! Metrics that are declared when the program is compiled.

use std::panic::Location;

use linkme::distributed_slice;

use crate::metric::InstrumentKind;

/// The metrics that `#[metric]` declares in all crates that are linked.
#[distributed_slice]
pub static METRICS: [&'static Metric];

/// The declaration of a metric by `#[metric]`.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name of the metric.
    pub name: &'static str,
    /// The kind of instrument.
    pub kind: InstrumentKind,
    /// The unit in UCUM; `None` if not stated.
    pub unit: Option<&'static str>,
    /// The meaning of the metric; empty if not stated.
    pub description: &'static str,
    /// The names of the labels.
    pub labels: &'static [&'static str],
    /// The bucket bounds; `None` if not stated.
    pub buckets: Option<&'static [f64]>,
    /// The place of the declaration; `Location::caller()` in the declaration itself.
    pub at: &'static Location<'static>,
}
