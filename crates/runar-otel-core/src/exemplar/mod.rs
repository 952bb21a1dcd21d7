//! Exemplars: single measurements kept beside their data point, with the trace that they belong to.

mod aligned;
mod choice;
mod filter;
mod fixed;
mod measured_labels;
mod reservoir;
pub(crate) mod retention;
mod slot;

use std::time::SystemTime;

use opentelemetry::{
    KeyValue,
    trace::{SpanId, TraceId},
};

pub use self::{
    aligned::AlignedBucketReservoir,
    choice::{Reservoir, ReservoirFactory},
    filter::ExemplarFilter,
    fixed::FixedSizeReservoir,
    reservoir::{ExemplarReservoir, Measurement},
};
pub(crate) use self::{
    filter::{FilterDecision, run_outside_of_spans},
    measured_labels::MeasuredLabels,
    slot::{HeldReservoir, ReservoirSlot, is_in_reservoir},
};
pub(crate) use crate::threads::context::may_be_sampled;

/// A measurement kept as an example of its data point.
///
/// OpenTelemetry specification, metrics data model: *Exemplars*.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exemplar {
    /// The measured value, in the unit of the metric.
    pub value: f64,
    /// The time of the measurement.
    pub time: SystemTime,
    /// Attributes of the measurement that its data point no longer has (a view removed them).
    pub filtered_attributes: Vec<KeyValue>,
    /// The span that was active; `None` without one.
    pub span: Option<SpanLink>,
}

/// The ids of the span in which a measurement was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanLink {
    /// The id of the trace.
    pub trace_id: TraceId,
    /// The id of the span within the trace.
    pub span_id: SpanId,
}

impl SpanLink {
    /// Links to a span by its ids.
    #[must_use]
    pub fn new(trace_id: TraceId, span_id: SpanId) -> Self {
        Self { trace_id, span_id }
    }
}

impl Exemplar {
    /// Builds an exemplar without filtered attributes and without a span.
    #[must_use]
    pub fn new(value: f64, time: SystemTime) -> Self {
        Self {
            value,
            time,
            filtered_attributes: Vec::new(),
            span: None,
        }
    }

    /// Adds the span that was active.
    #[must_use]
    pub fn with_span(mut self, span: SpanLink) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds the attributes that the data point does not have.
    #[must_use]
    pub fn with_filtered_attributes(mut self, attributes: Vec<KeyValue>) -> Self {
        self.filtered_attributes = attributes;
        self
    }
}
