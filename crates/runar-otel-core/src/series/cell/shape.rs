//! The shape of the cells of one stream.

use std::sync::Arc;

use crate::{
    metric::{Aggregation, InstrumentKind, StreamPlan, number::NumberKind},
    series::value::{ExponentialHistogram, Histogram},
};

/// Settings that all cells of a stream share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CellShape {
    pub(crate) kind: CellKind,
    pub(crate) number: NumberKind,
    /// The upper bounds of a histogram with explicit buckets.
    pub(crate) bounds: Arc<[f64]>,
    /// The most buckets per side of an exponential histogram.
    pub(crate) max_size: usize,
    /// The finest scale of an exponential histogram.
    pub(crate) max_scale: i32,
    /// False if the sum of a histogram has no meaning, because values may be negative.
    ///
    /// OpenTelemetry specification, metrics SDK: *Histogram Aggregations*.
    pub(crate) has_sum: bool,
}

/// The aggregation of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// A sum that only grows; striped where threads meet.
    Counter,
    /// A sum that grows and shrinks: one atomic, because stripes of doubles never come back to 0.
    UpDown,
    /// A last value: one atomic. Calls under way are counted beside the value, in stripes.
    Level,
    /// A histogram with explicit buckets; striped where threads meet.
    Buckets,
    /// An exponential histogram: parts behind short locks.
    Exponential,
}

impl CellKind {
    /// True if the cell adds up numbers.
    #[inline]
    pub(crate) fn is_sum(self) -> bool {
        matches!(self, Self::Counter | Self::UpDown)
    }
}

impl CellShape {
    pub(crate) fn new(plan: &StreamPlan, number: NumberKind) -> Self {
        let kind = match (&plan.aggregation, plan.kind) {
            (Aggregation::ExplicitBuckets(_), _)
            | (Aggregation::Default, InstrumentKind::Histogram) => CellKind::Buckets,
            (Aggregation::Exponential { .. }, _) => CellKind::Exponential,
            (Aggregation::Default, InstrumentKind::Gauge | InstrumentKind::ObservableGauge)
            | (Aggregation::LastValue, _) => CellKind::Level,
            (
                _,
                InstrumentKind::Counter
                | InstrumentKind::ObservableCounter
                | InstrumentKind::Histogram,
            ) => CellKind::Counter,
            _ => CellKind::UpDown,
        };
        let bounds = match &plan.aggregation {
            Aggregation::ExplicitBuckets(bounds) => bounds.clone(),
            _ => Arc::from([]),
        };
        let (max_size, max_scale) = match plan.aggregation {
            Aggregation::Exponential {
                max_size,
                max_scale,
            } => (max_size, i32::from(max_scale)),
            _ => (160, 20),
        };
        Self {
            kind,
            number,
            bounds,
            // Two buckets hold everything; with fewer, not every value has a place.
            max_size: usize::try_from(max_size).unwrap_or(usize::MAX).max(2),
            max_scale: max_scale.clamp(-10, 20),
            has_sum: matches!(
                plan.kind,
                InstrumentKind::Counter
                    | InstrumentKind::ObservableCounter
                    | InstrumentKind::Histogram
            ),
        }
    }

    /// An empty histogram with explicit buckets.
    pub(in crate::series) fn empty_histogram(&self) -> Histogram {
        let counts = match self.bounds.len() {
            0 => Vec::new(),
            bounds => vec![0; bounds + 1],
        };
        Histogram {
            count: 0,
            sum: self.has_sum.then_some(0.0),
            min: None,
            max: None,
            bounds: self.bounds.clone(),
            counts,
        }
    }

    /// An empty exponential histogram.
    pub(in crate::series) fn empty_exponential(&self) -> ExponentialHistogram {
        ExponentialHistogram {
            sum: self.has_sum.then_some(0.0),
            ..ExponentialHistogram::new(self.max_scale)
        }
    }
}
