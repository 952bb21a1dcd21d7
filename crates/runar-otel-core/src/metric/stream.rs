//! The plan of a stream: an instrument after the rules that match it.

use std::{borrow::Cow, sync::Arc};

use opentelemetry::InstrumentationScope;

/// The limit of distinct attribute sets per stream unless a view says otherwise.
///
/// OpenTelemetry specification, metrics SDK: *Cardinality limits*.
pub const DEFAULT_CARDINALITY_LIMIT: usize = 2000;

/// The one attribute of the series that takes what exceeds the cardinality limit.
pub const OVERFLOW_KEY: &str = "otel.metric.overflow";

/// The kinds of instrument that the OpenTelemetry API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstrumentKind {
    /// A sum that only grows.
    Counter,
    /// A sum that grows and shrinks.
    UpDownCounter,
    /// A distribution of values.
    Histogram,
    /// A last value, set by the code.
    Gauge,
    /// A sum that only grows, read by a callback.
    ObservableCounter,
    /// A sum that grows and shrinks, read by a callback.
    ObservableUpDownCounter,
    /// A last value, read by a callback.
    ObservableGauge,
}

impl InstrumentKind {
    /// The seven kinds, synchronous ones first.
    pub const ALL: [Self; 7] = [
        Self::Counter,
        Self::UpDownCounter,
        Self::Histogram,
        Self::Gauge,
        Self::ObservableCounter,
        Self::ObservableUpDownCounter,
        Self::ObservableGauge,
    ];

    /// True if a callback supplies the values.
    #[must_use]
    pub fn is_observable(self) -> bool {
        matches!(
            self,
            Self::ObservableCounter | Self::ObservableUpDownCounter | Self::ObservableGauge
        )
    }
}

impl InstrumentKind {
    /// True if the SDK can aggregate instruments of this kind so: only a gauge has a last value.
    ///
    /// Observed values may become histograms: the specification names those of observable gauges (metrics SDK,
    /// *Histogram Aggregations*), although an asynchronous histogram is also its example of a view that does not fit
    /// (*Measurement processing*).
    #[must_use]
    pub fn supports(self, aggregation: &Aggregation) -> bool {
        *aggregation != Aggregation::LastValue
            || matches!(self, Self::Gauge | Self::ObservableGauge)
    }

    /// True if the aggregation is the kind's own one. The default of histograms is that of their provider.
    pub(crate) fn has_by_default(self, aggregation: &Aggregation) -> bool {
        match aggregation {
            Aggregation::Default => true,
            Aggregation::Sum => {
                !matches!(self, Self::Gauge | Self::ObservableGauge | Self::Histogram)
            }
            Aggregation::LastValue => matches!(self, Self::Gauge | Self::ObservableGauge),
            _ => false,
        }
    }
}

/// The aggregation of the measurements of a stream.
///
/// OpenTelemetry specification, metrics SDK: *Aggregation*.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Aggregation {
    /// The default aggregation of the instrument kind.
    Default,
    /// No aggregation: measurements are dropped.
    Drop,
    /// The sum of the measurements; of an observable gauge the sum of its last values.
    Sum,
    /// The last measurement.
    LastValue,
    /// A histogram with these upper, inclusive bounds; none means count and sum only.
    ExplicitBuckets(Arc<[f64]>),
    /// A base-2 exponential histogram.
    Exponential {
        /// Buckets per range at the most (default 160).
        max_size: u32,
        /// The finest scale (default 20).
        max_scale: i8,
    },
}

impl Aggregation {
    /// An exponential histogram with the specification's defaults: 160 buckets, scale 20.
    #[must_use]
    pub fn exponential() -> Self {
        Self::Exponential {
            max_size: 160,
            max_scale: 20,
        }
    }
}

/// The form of a collected metric, which distinguishes streams of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// Last values of series.
    Gauge,
    /// A sum that only grows.
    MonotonicSum,
    /// A sum that grows and shrinks.
    NonMonotonicSum,
    /// A histogram with explicit buckets.
    Histogram,
    /// A base-2 exponential histogram.
    ExponentialHistogram,
}

/// The plan of one stream of data points, as the views made it from an instrument.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StreamPlan {
    /// The scope of the meter.
    pub scope: InstrumentationScope,
    /// The stream's name, after renaming.
    pub name: Cow<'static, str>,
    /// The unit, in UCUM; empty without one.
    pub unit: Cow<'static, str>,
    /// The kind of the instrument behind it.
    pub kind: InstrumentKind,
    /// The aggregation; never [`Aggregation::Default`] for histograms.
    pub aggregation: Aggregation,
    /// The most distinct attribute sets, without the overflow series; of one function in metrics of metered functions.
    pub limit: usize,
    /// The most distinct attribute sets of all functions together.
    pub total_limit: usize,
}

impl StreamPlan {
    /// The form of the stream once collected; `None` if the stream is dropped.
    #[must_use]
    pub fn shape(&self) -> Option<Shape> {
        match self.aggregation {
            Aggregation::Drop => None,
            Aggregation::ExplicitBuckets(_) => Some(Shape::Histogram),
            Aggregation::Exponential { .. } => Some(Shape::ExponentialHistogram),
            Aggregation::LastValue => Some(Shape::Gauge),
            Aggregation::Sum => Some(self.sum_shape()),
            Aggregation::Default => match self.kind {
                InstrumentKind::Histogram => Some(Shape::Histogram),
                InstrumentKind::Gauge | InstrumentKind::ObservableGauge => Some(Shape::Gauge),
                _ => Some(self.sum_shape()),
            },
        }
    }

    fn sum_shape(&self) -> Shape {
        match self.kind {
            InstrumentKind::Counter
            | InstrumentKind::ObservableCounter
            | InstrumentKind::Histogram => Shape::MonotonicSum,
            _ => Shape::NonMonotonicSum,
        }
    }
}
