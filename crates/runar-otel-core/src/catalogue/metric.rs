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
    /// The metric's name.
    pub name: &'static str,
    /// The kind of instrument.
    pub kind: InstrumentKind,
    /// Its unit in UCUM, if stated.
    pub unit: Option<&'static str>,
    /// The meaning of the metric; empty if not stated.
    pub description: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// Its bucket bounds, if stated.
    pub buckets: Option<&'static [f64]>,
    /// The place of the declaration; `Location::caller()` in the declaration itself.
    pub at: &'static Location<'static>,
}
