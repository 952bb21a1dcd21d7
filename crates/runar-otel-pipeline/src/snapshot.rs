//! The snapshot: everything that one consumer gets to see at one moment.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use opentelemetry::{InstrumentationScope, KeyValue};
use runar_otel_core::{attributes::Attributes, exemplar::Exemplar};

/// All metrics at one moment, in the temporality of the consumer that asked.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Who reports them.
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
    /// What it means; empty without one.
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
        /// What a value covers.
        temporality: Temporality,
        /// Whether the sum only grows.
        monotonic: bool,
    },
    /// Histograms with explicit buckets.
    Histogram {
        /// The data points.
        points: Vec<Point<Histogram>>,
        /// What a count covers.
        temporality: Temporality,
    },
    /// Base-2 exponential histograms.
    ExponentialHistogram {
        /// The data points.
        points: Vec<Point<ExponentialHistogram>>,
        /// What a count covers.
        temporality: Temporality,
    },
    /// Quantiles computed in this process.
    Summary(Vec<Point<Summary>>),
}

/// What the value of a data point covers.
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
    /// The label set, canonical.
    pub attributes: Attributes,
    /// The start of what the value covers; `None` for gauges.
    pub start: Option<SystemTime>,
    /// When the value was read.
    pub time: SystemTime,
    /// The value.
    pub value: V,
    /// Exemplars, ascending by value.
    pub exemplars: Vec<Exemplar>,
}

/// A number in the type it was recorded in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Recorded as `u64`.
    U64(u64),
    /// Recorded as `i64`.
    I64(i64),
    /// Recorded as `f64`.
    F64(f64),
}

impl Number {
    /// The value as `f64`, rounded where it has no exact one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rounding is what the name says")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::U64(value) => value as f64,
            Self::I64(value) => value as f64,
            Self::F64(value) => value,
        }
    }
}

/// A histogram with explicit buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// How many values.
    pub count: u64,
    /// Their sum; `None` where it has no meaning (values may be negative).
    pub sum: Option<f64>,
    /// The smallest, if known.
    pub min: Option<f64>,
    /// The largest, if known.
    pub max: Option<f64>,
    /// Upper inclusive bounds, strictly ascending, without `+Inf`.
    pub bounds: Arc<[f64]>,
    /// Counts per bucket, one more than bounds; empty if only count and sum are kept.
    pub counts: Vec<u64>,
}

/// A base-2 exponential histogram: bucket `i` covers `(base^i, base^(i+1)]`, base `2^(2^-scale)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExponentialHistogram {
    /// How many values.
    pub count: u64,
    /// Their sum; `None` where it has no meaning.
    pub sum: Option<f64>,
    /// The smallest, if known.
    pub min: Option<f64>,
    /// The largest, if known.
    pub max: Option<f64>,
    /// The resolution.
    pub scale: i32,
    /// Values within the zero threshold.
    pub zero_count: u64,
    /// The width of the zero bucket.
    pub zero_threshold: f64,
    /// Buckets above zero.
    pub positive: ExponentialBuckets,
    /// Buckets below zero, by absolute value.
    pub negative: ExponentialBuckets,
}

/// A dense run of exponential buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialBuckets {
    /// The index of the first count.
    pub offset: i32,
    /// Counts of consecutive buckets.
    pub counts: Vec<u64>,
}

/// Quantiles computed in this process.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile (0 to 1) and its value, ascending.
    pub quantiles: Vec<(f64, f64)>,
}
