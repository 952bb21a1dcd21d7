//! The snapshot: everything that one consumer gets to see at one moment.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use opentelemetry::{InstrumentationScope, KeyValue};
use runar_otel_core::{exemplar::Exemplar, labels::LabelSet};

pub use runar_otel_core::series::{ExponentialBuckets, ExponentialHistogram, Histogram, Number};

/// All metrics at one moment, in the temporality of the consumer that asked.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The entity that reports them.
    pub resource: Arc<Resource>,
    /// The metrics, by the scope of the meter that made them.
    pub scopes: Vec<ScopeMetrics>,
}

/// The entity that reports: the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Its attributes, sorted by key.
    pub attributes: Vec<KeyValue>,
    /// The schema that the attributes follow.
    pub schema_url: Option<Cow<'static, str>>,
}

/// The metrics of one scope.
#[derive(Clone, Debug)]
pub struct ScopeMetrics {
    /// Name, version, schema and attributes of the meter.
    pub scope: InstrumentationScope,
    /// Its metrics.
    pub metrics: Vec<Metric>,
}

/// One metric with its data points.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name, as OTLP carries it.
    pub name: Cow<'static, str>,
    /// The meaning in words; empty without them.
    pub description: Cow<'static, str>,
    /// The unit in UCUM; empty without one.
    pub unit: Cow<'static, str>,
    /// The data points.
    pub data: Data,
}

/// The data points of a metric, all of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Last values.
    Gauge(Vec<Point<Number>>),
    /// Sums.
    Sum {
        /// The data points.
        points: Vec<Point<Number>>,
        /// The time that a value covers.
        temporality: Temporality,
        /// True if the sum only grows.
        monotonic: bool,
    },
    /// Histograms with explicit buckets.
    Histogram {
        /// The data points.
        points: Vec<Point<Histogram>>,
        /// The time that a count covers.
        temporality: Temporality,
    },
    /// Base-2 exponential histograms.
    ExponentialHistogram {
        /// The data points.
        points: Vec<Point<ExponentialHistogram>>,
        /// The time that a count covers.
        temporality: Temporality,
    },
    /// Quantiles computed in this process.
    Summary(Vec<Point<Summary>>),
}

/// The time that the value of a data point covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// Everything since the start time, which stays.
    Cumulative,
    /// Everything since the point before.
    Delta,
}

/// One data point.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<V> {
    /// The label set.
    pub labels: LabelSet,
    /// The start of what the value covers; `None` for gauges.
    pub start: Option<SystemTime>,
    /// The time at which the value was read.
    pub time: SystemTime,
    /// The value.
    pub value: V,
    /// Exemplars, ascending by value.
    pub exemplars: Vec<Exemplar>,
}

/// Quantiles computed in this process.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The number of values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile (0 to 1) and its value, ascending.
    pub quantiles: Vec<(f64, f64)>,
}
