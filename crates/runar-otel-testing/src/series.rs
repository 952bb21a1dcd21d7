//! The series: one metric with one label set, from any source.

use std::{collections::BTreeMap, fmt};

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// A metric with one label set, and its value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// The name; on a [`Page`](crate::Page) a counter has its `_total`.
    pub name: String,
    /// The type of the metric.
    pub kind: Kind,
    /// The unit; empty without one. In UCUM over OTLP, the suffix (`seconds`) on a page.
    pub unit: String,
    /// The description; empty without one.
    pub description: String,
    /// Label set of the series, values as text.
    pub labels: Labels,
    /// The number, or the distribution of a histogram or summary.
    pub value: Value,
    /// Exemplars of the series, those of all its buckets together.
    pub exemplars: Vec<Exemplar>,
}

/// The type of a metric.
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
    /// A constant whose labels are the information; pages only.
    Info,
    /// No type, as the source does not name one.
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
    /// The value of counters and gauges.
    Number(f64),
    /// The value of histograms and summaries.
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

/// The measurements of a histogram or summary.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Distribution {
    /// The number of measurements.
    pub count: u64,
    /// Sum of the measurements; zero if it is not known.
    pub sum: f64,
    /// The buckets, ascending; none for summaries and for exponential histograms over OTLP.
    pub buckets: Vec<Bucket>,
    /// Quantile (0 to 1) and its value; only summaries have them.
    pub quantiles: Vec<(f64, f64)>,
}

impl Distribution {
    /// Returns the number of measurements up to a bound, itself included; `None` if no bucket has this bound.
    #[must_use]
    pub fn at_most(&self, bound: f64) -> Option<u64> {
        let at = self
            .buckets
            .iter()
            .position(|bucket| bucket.bound.total_cmp(&bound).is_eq())?;
        let below = self.buckets.iter().take(at + 1);
        Some(below.map(|bucket| bucket.count).sum())
    }

    /// Returns the bounds of the buckets, without infinity.
    #[must_use]
    pub fn bounds(&self) -> Vec<f64> {
        let bounds = self.buckets.iter().map(|bucket| bucket.bound);
        bounds.filter(|bound| bound.is_finite()).collect()
    }
}

/// A bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bucket {
    /// The upper bound, itself included; infinity for the last bucket.
    pub bound: f64,
    /// The number of measurements in this bucket alone.
    pub count: u64,
}

/// A measurement kept as an example, with its trace.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Exemplar {
    /// The measured value.
    pub value: f64,
    /// The trace in hexadecimal; empty without a span.
    pub trace_id: String,
    /// The span in hexadecimal; empty without a span.
    pub span_id: String,
    /// Further labels, such as attributes that a view removed from the series.
    pub labels: Labels,
}

impl Series {
    /// Returns the number of a counter or gauge; `None` for a distribution.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) => Some(*number),
            Value::Distribution(_) => None,
        }
    }

    /// Returns the distribution of a histogram or summary; `None` for a number.
    #[must_use]
    pub fn distribution(&self) -> Option<&Distribution> {
        match &self.value {
            Value::Number(_) => None,
            Value::Distribution(distribution) => Some(distribution),
        }
    }
}

/// Writes name, labels, value and type: `orders_total{outcome="ok"} 3 (counter)`.
impl fmt::Display for Series {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        write_labels(out, &self.labels)?;
        write!(out, " {} ({})", self.value, self.kind)
    }
}

/// Writes labels in braces; without labels it writes nothing.
pub(crate) fn write_labels(out: &mut impl fmt::Write, labels: &Labels) -> fmt::Result {
    for (at, (name, value)) in labels.iter().enumerate() {
        out.write_str(if at == 0 { "{" } else { "," })?;
        write!(out, "{name}={value:?}")?;
    }
    out.write_str(if labels.is_empty() { "" } else { "}" })
}
