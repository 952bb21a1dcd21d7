//! The series: one metric with one label set, whatever it was read from.

use std::{collections::BTreeMap, fmt};

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// One metric with one label set, and what it has come to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// The name; on a [`Page`](crate::Page) a counter has its `_total`.
    pub name: String,
    /// What it measures with.
    pub kind: Kind,
    /// The unit; empty without one. In UCUM over OTLP, the suffix (`seconds`) on a page.
    pub unit: String,
    /// What it means; empty without a text.
    pub description: String,
    /// Its labels.
    pub labels: Labels,
    /// The value.
    pub value: Value,
    /// The exemplars.
    pub exemplars: Vec<Exemplar>,
}

/// What a series measures with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// A sum that goes up and down; a page calls it a gauge.
    UpDownCounter,
    /// The last value.
    Gauge,
    /// A distribution over buckets.
    Histogram,
    /// A distribution with quantiles.
    Summary,
    /// A constant that tells by its labels; pages only.
    Info,
    /// The source does not say.
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::Unknown => "unknown",
        })
    }
}

/// The value of a series.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of counters and gauges.
    Number(f64),
    /// Of histograms and summaries.
    Distribution(Distribution),
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(out),
            Self::Distribution(distribution) => {
                write!(
                    out,
                    "count {}, sum {}",
                    distribution.count, distribution.sum
                )
            }
        }
    }
}

/// Many values in one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Distribution {
    /// How many values.
    pub count: u64,
    /// Their sum; zero if it is not known.
    pub sum: f64,
    /// The buckets, ascending; none for summaries and for exponential histograms over OTLP.
    pub buckets: Vec<Bucket>,
    /// Quantile (0 to 1) and its value; only summaries have them.
    pub quantiles: Vec<(f64, f64)>,
}

impl Distribution {
    /// How many values are at most this large; `None` if that is no bound of a bucket.
    #[must_use]
    pub fn at_most(&self, bound: f64) -> Option<u64> {
        let at = self
            .buckets
            .iter()
            .position(|bucket| bucket.bound.total_cmp(&bound).is_eq())?;
        let below = self.buckets.iter().take(at + 1);
        Some(below.map(|bucket| bucket.count).sum())
    }

    /// The bounds of the buckets, without infinity.
    #[must_use]
    pub fn bounds(&self) -> Vec<f64> {
        let bounds = self.buckets.iter().map(|bucket| bucket.bound);
        bounds.filter(|bound| bound.is_finite()).collect()
    }
}

/// One bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bucket {
    /// The upper bound, itself included; infinity for the last bucket.
    pub bound: f64,
    /// How many values lie in this bucket alone.
    pub count: u64,
}

/// One measurement kept as an example, with the trace that it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Exemplar {
    /// The measured value.
    pub value: f64,
    /// The trace in hexadecimal; empty without a span.
    pub trace_id: String,
    /// The span in hexadecimal; empty without a span.
    pub span_id: String,
    /// Further labels.
    pub labels: Labels,
}

impl Series {
    /// The number of a counter or gauge.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) => Some(*number),
            Value::Distribution(_) => None,
        }
    }

    /// The distribution of a histogram or summary.
    #[must_use]
    pub fn distribution(&self) -> Option<&Distribution> {
        match &self.value {
            Value::Number(_) => None,
            Value::Distribution(distribution) => Some(distribution),
        }
    }
}

/// As one would look for it: `orders_total{outcome="ok"} 3 (counter)`.
impl fmt::Display for Series {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        write_labels(out, &self.labels)?;
        write!(out, " {} ({})", self.value, self.kind)
    }
}

/// Writes labels in braces; nothing for none.
pub(crate) fn write_labels(out: &mut impl fmt::Write, labels: &Labels) -> fmt::Result {
    for (at, (name, value)) in labels.iter().enumerate() {
        out.write_str(if at == 0 { "{" } else { "," })?;
        write!(out, "{name}={value:?}")?;
    }
    out.write_str(if labels.is_empty() { "" } else { "}" })
}
