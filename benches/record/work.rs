//! The work: what every peer does, and what it is given.

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// 1 is added, by a handle that has its three labels.
    Counter,
    /// 1 is added, with three labels that are known only now. All their sets have been seen before.
    CounterLabelled,
    /// The same to a metric that has as many label sets as it may; these are others.
    CounterBeyond,
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
    /// The same with two labels.
    LabelledCall,
    /// The same with a span; whether that is sampled is a matter of the sampler and of the setting.
    SpannedCall,
}

/// The bucket bounds of all histograms.
pub(crate) const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

const COUNT: usize = 1 << 16;

/// Seconds from 2 ms to 16 s, at random, spread over the buckets. So many that no processor learns which bucket comes
/// next.
static VALUES: [f64; COUNT] = values();

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn values() -> [f64; COUNT] {
    let mut values = [0.0; COUNT];
    let mut at = 0;
    while at < COUNT {
        let random = scattered(at);
        // One of 13 powers of two, and a place within.
        let exponent = 1014 + (((random >> 32) * 13) >> 32);
        values[at] = f64::from_bits(exponent << 52 | random & 0xF_FFFF_FFFF_FFFF);
        at += 1;
    }
    values
}

/// A number as good as random (SplitMix64), the same one each time.
pub(crate) const fn scattered(at: usize) -> u64 {
    let mixed = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// The value that is recorded by the record of this number.
pub(crate) fn value(at: usize) -> f64 {
    VALUES.get(at % COUNT).copied().unwrap_or_default()
}

/// The labels of a handle.
pub(crate) const LABELS: [(&str, &str); 3] = [
    ("method", "GET"),
    ("route", "/orders/{id}"),
    ("status", "200"),
];
