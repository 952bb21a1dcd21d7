//! The snapshot: the metrics of one collection for one consumer.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use opentelemetry::{InstrumentationScope, KeyValue};
use runar_otel_core::{exemplar::Exemplar, labels::LabelSet};

pub use runar_otel_core::series::{ExponentialBuckets, ExponentialHistogram, Histogram, Number};

/// The metrics at one moment, in the temporality of one consumer.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The entity that reports the metrics.
    pub resource: Arc<Resource>,
    /// The metrics, by the scope of the meter that made them.
    pub scopes: Vec<ScopeMetrics>,
}

/// The entity that reports: the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Attributes of the entity, sorted by key.
    pub attributes: Vec<KeyValue>,
    /// URL of the schema that the attributes follow; `None` without one.
    pub schema_url: Option<Cow<'static, str>>,
}

/// The metrics of one scope.
#[derive(Clone, Debug)]
pub struct ScopeMetrics {
    /// The origin of the names.
    pub naming: Naming,
    /// Name, version, schema and attributes of the meter.
    pub scope: InstrumentationScope,
    /// Metrics of the scope; the store sorts them by name.
    pub metrics: Vec<Metric>,
}

/// The origin of the names in a scope, by which a Prometheus format writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// Names of OpenTelemetry, which are translated. Their series carry the labels of the scope.
    #[default]
    OpenTelemetry,
    /// Names of a Prometheus client, which are written unchanged. Their series have no labels but their own.
    Prometheus,
}

/// A metric with its data points.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name, as OTLP carries it.
    pub name: Cow<'static, str>,
    /// The description; empty without one.
    pub description: Cow<'static, str>,
    /// The unit in UCUM; empty without one.
    pub unit: Cow<'static, str>,
    /// The data points, all of one type.
    pub data: Data,
}

/// The data points of a metric, by their type.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Last values, which have no temporality.
    Gauge(Vec<Point<Number>>),
    /// Sums, of counters and up-down counters for instance.
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
    /// The value covers the time since a start that stays the same.
    Cumulative,
    /// The value covers the time since the point before.
    Delta,
}

/// A data point: the value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<V> {
    /// Label set of the series.
    pub labels: LabelSet,
    /// Start of the time that the value covers; `None` for gauges, and if it is unknown.
    pub start: Option<SystemTime>,
    /// The time at which the value was read.
    pub time: SystemTime,
    /// The number, histogram or summary.
    pub value: V,
    /// Exemplars, ascending by value.
    pub exemplars: Vec<Exemplar>,
}

/// Quantiles computed in this process.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The number of measurements.
    pub count: u64,
    /// Sum of the measurements, in the unit of the metric.
    pub sum: f64,
    /// Quantile (0 to 1) and its value, ascending.
    pub quantiles: Vec<(f64, f64)>,
}
