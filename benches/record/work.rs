//! The work: what every peer does, and what it is given.

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// 1 is added, by a handle that has its three labels.
    Counter,
    /// 1 is added, with three labels that are known only now. All their sets have been seen before.
    CounterLabelled,
    /// A value is set, by a handle that has its three labels.
    Gauge,
    /// A value is observed, by a handle that has its three labels.
    Histogram,
    /// A value is observed, with three labels that are known only now. All their sets have been seen before.
    HistogramLabelled,
    /// A duration is measured and observed: the clock is read twice.
    Timer,
    /// An async function that returns a `Result` is called; it is counted and timed, and has no span.
    Call,
    /// The same with a span; whether that is sampled is a matter of the sampler and of the setting.
    SpannedCall,
}

/// The bucket bounds of all histograms.
pub(crate) const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Seconds, spread over the buckets.
const VALUES: [f64; 16] = [
    0.004, 0.3, 0.02, 1.2, 0.08, 6.0, 0.006, 0.4, 0.03, 12.0, 0.06, 0.9, 0.002, 0.2, 3.0, 0.012,
];

/// The value that is recorded by the record of this number.
pub(crate) fn value(at: usize) -> f64 {
    VALUES.get(at % VALUES.len()).copied().unwrap_or_default()
}

/// The labels of a handle.
pub(crate) const LABELS: [(&str, &str); 3] = [
    ("method", "GET"),
    ("route", "/orders/{id}"),
    ("status", "200"),
];
