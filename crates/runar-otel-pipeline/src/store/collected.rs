//! One collection, in neutral form: what the SDK recorded since the collection before, or observed in it.

use std::{borrow::Cow, time::SystemTime};

use opentelemetry::InstrumentationScope;
use runar_otel_core::{
    attributes::Attributes,
    exemplar::Exemplar,
    gate::stream::{
        Aggregation, DEFAULT_CARDINALITY_LIMIT, FrozenExemplars, InstrumentKind, Shape, StreamPlan,
    },
};

use super::identity::StreamId;
use crate::snapshot::{ExponentialHistogram, Histogram, Number, Temporality};

/// Buckets per side of an exponential histogram unless the plan says otherwise.
///
/// OpenTelemetry specification, metrics SDK: *Base2 Exponential Bucket Histogram Aggregation*.
const DEFAULT_MAX_SIZE: usize = 160;

/// Everything that one collection brought.
#[derive(Clone, Debug)]
pub struct Collected {
    /// When the collection began; streams that it does not mention had not changed at that time.
    pub time: SystemTime,
    /// The metrics, by scope.
    pub scopes: Vec<CollectedScope>,
    /// What the reservoirs held before the collection.
    pub exemplars: Vec<StreamExemplars>,
}

impl Collected {
    /// Begins an empty collection.
    #[must_use]
    pub fn new(time: SystemTime) -> Self {
        Self {
            time,
            scopes: Vec::new(),
            exemplars: Vec::new(),
        }
    }
}

/// The metrics of one scope.
#[derive(Clone, Debug)]
pub struct CollectedScope {
    /// Name, version, schema and attributes of the meter.
    pub scope: InstrumentationScope,
    /// Its metrics.
    pub metrics: Vec<CollectedMetric>,
}

/// What one stream recorded in one window, or observed at its end.
#[derive(Clone, Debug)]
pub struct CollectedMetric {
    /// The name.
    pub name: Cow<'static, str>,
    /// What it means; empty without one.
    pub description: Cow<'static, str>,
    /// The unit in UCUM; empty without one.
    pub unit: Cow<'static, str>,
    /// What the data does not say about its stream.
    pub facts: StreamFacts,
    /// The start of the window, or for observed totals any time before the first one.
    pub start: SystemTime,
    /// The end of the window.
    pub time: SystemTime,
    /// The points.
    pub data: CollectedData,
}

/// What the data of a stream does not say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFacts {
    /// The kind of the instrument.
    pub kind: InstrumentKind,
    /// The most series, the overflow series not counted.
    pub limit: usize,
    /// Buckets per side of an exponential histogram at the most.
    pub max_size: usize,
}

impl StreamFacts {
    /// Assumes a synchronous instrument and the default limits.
    #[must_use]
    pub fn assumed(shape: Shape) -> Self {
        let kind = match shape {
            Shape::Gauge => InstrumentKind::Gauge,
            Shape::MonotonicSum => InstrumentKind::Counter,
            Shape::NonMonotonicSum => InstrumentKind::UpDownCounter,
            _ => InstrumentKind::Histogram,
        };
        Self::new(kind)
    }

    /// Corrects the kind where the data says that it was observed.
    #[must_use]
    pub fn agreeing_with(mut self, temporality: Temporality) -> Self {
        self.kind = match (self.kind, temporality) {
            (InstrumentKind::Counter | InstrumentKind::Histogram, Temporality::Cumulative) => {
                InstrumentKind::ObservableCounter
            }
            (InstrumentKind::UpDownCounter, Temporality::Cumulative) => {
                InstrumentKind::ObservableUpDownCounter
            }
            (kind, _) => kind,
        };
        self
    }

    /// Describes a stream of this kind with the default limits.
    #[must_use]
    pub fn new(kind: InstrumentKind) -> Self {
        Self {
            kind,
            limit: DEFAULT_CARDINALITY_LIMIT,
            max_size: DEFAULT_MAX_SIZE,
        }
    }
}

impl From<&StreamPlan> for StreamFacts {
    fn from(plan: &StreamPlan) -> Self {
        let max_size = match plan.aggregation {
            Aggregation::Exponential { max_size, .. } => usize::try_from(max_size).ok(),
            _ => None,
        };
        Self {
            kind: plan.kind,
            limit: plan.limit,
            max_size: max_size.unwrap_or(DEFAULT_MAX_SIZE),
        }
    }
}

/// The points of one stream, all of one shape.
#[derive(Clone, Debug)]
pub enum CollectedData {
    /// Last values.
    Gauge(Vec<CollectedPoint<Number>>),
    /// Sums.
    Sum {
        /// The points.
        points: Vec<CollectedPoint<Number>>,
        /// Whether they are what was added in the window, or observed totals.
        temporality: Temporality,
        /// Whether the sum only grows.
        monotonic: bool,
    },
    /// Histograms with explicit buckets.
    Histogram {
        /// The points.
        points: Vec<CollectedPoint<Histogram>>,
        /// Whether they count the window, or everything so far.
        temporality: Temporality,
    },
    /// Base-2 exponential histograms.
    ExponentialHistogram {
        /// The points.
        points: Vec<CollectedPoint<ExponentialHistogram>>,
        /// Whether they count the window, or everything so far.
        temporality: Temporality,
    },
}

impl CollectedData {
    /// What the stream looks like.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self {
            Self::Gauge(_) => Shape::Gauge,
            Self::Sum { monotonic, .. } if *monotonic => Shape::MonotonicSum,
            Self::Sum { .. } => Shape::NonMonotonicSum,
            Self::Histogram { .. } => Shape::Histogram,
            Self::ExponentialHistogram { .. } => Shape::ExponentialHistogram,
        }
    }

    /// What the values cover: the window, as last values do, or everything so far.
    #[must_use]
    pub fn temporality(&self) -> Temporality {
        match self {
            Self::Gauge(_) => Temporality::Delta,
            Self::Sum { temporality, .. }
            | Self::Histogram { temporality, .. }
            | Self::ExponentialHistogram { temporality, .. } => *temporality,
        }
    }
}

/// What one series recorded in one window, or observed at its end.
#[derive(Clone, Debug)]
pub struct CollectedPoint<V> {
    /// The label set, canonical.
    pub attributes: Attributes,
    /// What was recorded or observed.
    pub value: V,
    /// Exemplars that the SDK itself delivered; where there are some, the reservoirs' are ignored.
    pub exemplars: Vec<Exemplar>,
}

/// What the reservoirs of one stream held before a collection.
#[derive(Clone, Debug)]
pub struct StreamExemplars {
    /// The scope of the stream.
    pub scope: InstrumentationScope,
    /// The stream within its scope.
    pub stream: StreamId,
    /// Per label set, canonical, what its reservoir held.
    pub series: Vec<(Attributes, Vec<Exemplar>)>,
}

impl StreamExemplars {
    /// Takes over what the gate froze; `None` for a dropped stream, which has no points.
    #[must_use]
    pub fn from_frozen(frozen: FrozenExemplars) -> Option<Self> {
        let FrozenExemplars { plan, series, .. } = frozen;
        let shape = plan.shape()?;
        Some(Self {
            scope: plan.scope.clone(),
            stream: StreamId::new(&plan.name, plan.unit.clone(), shape),
            series,
        })
    }
}
