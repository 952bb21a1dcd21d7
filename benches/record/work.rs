//! The work: what every peer does, and what it is given.

use crate::{peers::Peer, setting::Setting};

/// One line of the table.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    /// The name of the metric; each row has its own.
    pub(crate) metric: &'static str,
    pub(crate) work: Work,
    pub(crate) setting: Setting,
    pub(crate) threads: usize,
    pub(crate) peers: &'static [Peer],
}

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
}

impl Row {
    pub(crate) const fn new(
        title: &'static str,
        metric: &'static str,
        work: Work,
        peers: &'static [Peer],
    ) -> Self {
        Self {
            title,
            metric,
            work,
            setting: Setting::Plain,
            threads: 1,
            peers,
        }
    }

    pub(crate) const fn within(mut self, setting: Setting) -> Self {
        self.setting = setting;
        self
    }

    pub(crate) const fn on_two_threads(mut self) -> Self {
        self.threads = 2;
        self
    }

    /// Tells whether one of the words is part of `work | peer`; without words everything is wanted.
    pub(crate) fn is_wanted(&self, peer: &Peer, words: &[String]) -> bool {
        let cell = format!("{} | {}", self.title, peer.title());
        words.is_empty() || words.iter().any(|word| cell.contains(word))
    }
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

/// The values of three labels, known only at run time.
#[derive(Clone, Debug)]
pub(crate) struct LabelValues {
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) status: String,
}

/// The label sets that records with labels take turns in.
#[derive(Clone, Debug)]
pub(crate) struct LabelSets([LabelValues; 8]);

impl LabelSets {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|at| LabelValues {
            method: if at & 1 == 0 { "GET" } else { "POST" }.to_owned(),
            route: if at & 2 == 0 {
                "/orders/{id}"
            } else {
                "/orders"
            }
            .to_owned(),
            status: if at & 4 == 0 { "200" } else { "503" }.to_owned(),
        }))
    }

    /// The label set of the record of this number.
    pub(crate) fn of(&self, at: usize) -> &LabelValues {
        let [first, ..] = &self.0;
        self.0.get(at % self.0.len()).unwrap_or(first)
    }
}
