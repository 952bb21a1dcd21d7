//! The SDK view that carries the result of our own views to the SDK.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::metrics::{Aggregation as SdkAggregation, Instrument, Stream};
use runar_otel_core::metric::{Aggregation, InstrumentKind, StreamPlan};

/// The largest limit of a plan that is passed on: the SDK allocates room for the whole limit when an instrument is
/// made.
const MOST_SERIES: usize = 1 << 20;

/// The plan of the stream whose instrument is being made. One thread makes all instruments, one after the other.
#[derive(Default)]
pub(super) struct NextPlan(Mutex<Option<StreamPlan>>);

impl NextPlan {
    /// Sets the plan of the next instruments; `None` leaves them to the SDK.
    pub(super) fn set(&self, plan: Option<StreamPlan>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Returns the SDK view that applies the plan.
    pub(super) fn view(
        self: &Arc<Self>,
    ) -> impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static {
        let next_plan = self.clone();
        move |_| {
            let plan = next_plan.0.lock().unwrap_or_else(PoisonError::into_inner);
            plan.as_ref().and_then(compile)
        }
    }
}

/// Translates aggregation and limit of a plan. Names, units and labels need no view: instruments are made as the plan
/// has them.
fn compile(plan: &StreamPlan) -> Option<Stream> {
    let stream = Stream::builder().with_cardinality_limit(limit(plan));
    let Some(aggregation) = aggregation(&plan.aggregation) else {
        return stream.build().ok();
    };
    stream.with_aggregation(aggregation).build().ok()
}

/// True if the SDK reads the values of this kind, which do not come through the queue.
pub(super) fn is_read(kind: InstrumentKind) -> bool {
    kind.is_observable() || kind == InstrumentKind::Gauge
}

/// Returns the limit for the SDK. The stream has applied its own limit already, and adds one more set, the overflow
/// series. Of values that the SDK reads, it keeps the label sets of the last read until the next one.
fn limit(plan: &StreamPlan) -> usize {
    // One more for the overflow series. The set without labels has a place of its own in the SDK.
    let limit = plan.total_limit.clamp(1, MOST_SERIES) + 1;
    if is_read(plan.kind) {
        limit * 2 + 2
    } else {
        limit
    }
}

/// Translates an aggregation; `None` for the default of the instrument's kind.
fn aggregation(aggregation: &Aggregation) -> Option<SdkAggregation> {
    Some(match aggregation {
        Aggregation::Drop => SdkAggregation::Drop,
        Aggregation::Sum => SdkAggregation::Sum,
        Aggregation::LastValue => SdkAggregation::LastValue,
        Aggregation::ExplicitBuckets(bounds) => SdkAggregation::ExplicitBucketHistogram {
            boundaries: bounds.to_vec(),
            record_min_max: true,
        },
        Aggregation::Exponential {
            max_size,
            max_scale,
        } => SdkAggregation::Base2ExponentialHistogram {
            // With fewer than two buckets per side the SDK cannot place every value.
            max_size: (*max_size).max(2),
            max_scale: (*max_scale).clamp(-10, 20),
            record_min_max: true,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider as _;
    use runar_otel_core::gate::{Gate, GateOptions, Streams};

    use super::*;

    /// The plan of a histogram, and that of a gauge.
    fn plans(options: GateOptions) -> [StreamPlan; 2] {
        let streams = Streams::new(options);
        let meter = Gate::new(streams.clone()).meter("view");
        let _ = meter.f64_histogram("histogram").build();
        let _ = meter.f64_gauge("gauge").build();
        [0, 1].map(|at| streams.all()[at].plan().clone())
    }

    #[test]
    fn limits_and_sizes_stay_within_what_the_sdk_takes() {
        for limit in [0, usize::MAX] {
            let mut options = GateOptions::default();
            options.limit = limit;
            options.histogram_aggregation = Aggregation::Exponential {
                max_size: 0,
                max_scale: i8::MAX,
            };
            for plan in plans(options) {
                assert!(compile(&plan).is_some(), "{plan:?}");
            }
        }
    }

    #[test]
    fn read_instruments_have_room_for_two_collections() {
        let mut options = GateOptions::default();
        options.limit = 10;
        assert_eq!(plans(options).map(|plan| limit(&plan)), [11, 24]);
    }
}
