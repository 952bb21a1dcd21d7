//! Metrics that are declared when the program is compiled.

use std::panic::Location;

use linkme::distributed_slice;

use crate::metric::InstrumentKind;

/// All metrics that `#[metric]` declares, in all crates that are linked.
#[distributed_slice]
pub static METRICS: [&'static Metric];

/// What `#[metric]` says.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The metric's name.
    pub name: &'static str,
    /// Its kind.
    pub kind: InstrumentKind,
    /// Its unit in UCUM, if stated.
    pub unit: Option<&'static str>,
    /// What it means.
    pub description: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// Its bucket bounds, if stated.
    pub buckets: Option<&'static [f64]>,
    /// Where it is declared; `Location::caller()` in the declaration itself.
    pub at: &'static Location<'static>,
}
