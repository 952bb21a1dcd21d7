//! The series: their labels and what is recorded into them.

use crate::Result;

/// The bucket bounds of all histograms.
pub(crate) const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What histograms are given.
pub(crate) const VALUE: f64 = 0.3;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Counter, Self::Gauge, Self::Histogram];

    /// The one of this title.
    pub(crate) fn named(title: &str) -> Result<Self> {
        let named = Self::ALL.into_iter().find(|kind| kind.title() == title);
        named.ok_or_else(|| "no such kind".into())
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// The name of the metric, as everybody shows it.
    pub(crate) fn metric(self) -> &'static str {
        match self {
            Self::Counter => "orders_total",
            Self::Gauge => "orders_open",
            Self::Histogram => "orders_seconds",
        }
    }
}

/// The labels of one series.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    pub(crate) method: &'static str,
    pub(crate) route: String,
    pub(crate) status: &'static str,
}

impl Labels {
    pub(crate) fn of(series: usize) -> Self {
        Self {
            method: if series.is_multiple_of(2) {
                "GET"
            } else {
                "POST"
            },
            route: format!("/orders/{series}"),
            status: if series.is_multiple_of(3) {
                "200"
            } else {
                "503"
            },
        }
    }

    /// Labels that differ from all of the others by this method.
    pub(crate) fn with_method(method: &'static str, series: usize) -> Self {
        Self {
            method,
            ..Self::of(series)
        }
    }

    pub(crate) fn pairs(&self) -> [(&'static str, &str); 3] {
        [
            ("method", self.method),
            ("route", &self.route),
            ("status", self.status),
        ]
    }
}
