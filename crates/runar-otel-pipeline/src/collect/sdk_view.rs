//! Our stream plans, compiled to an SDK view.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::metrics::{
    Aggregation as SdkAggregation, Instrument, InstrumentKind as SdkKind, Stream,
};
use runar_otel_core::gate::stream::{
    Aggregation, DEFAULT_CARDINALITY_LIMIT, InstrumentKind, StreamPlan,
};

/// The SDK allocates room for the whole limit when an instrument is made.
const MOST_SERIES: usize = 1 << 20;

/// How many times the limit the SDK lets through of what is observed.
///
/// Beyond its own limit the SDK keeps only the last of the observed values; the store adds them up.
const OBSERVED_ROOM: usize = 4;

/// Looks up the plan of an instrument by scope, name, unit and kind.
pub type PlanOf = dyn Fn(&InstrumentationScope, &str, &str, InstrumentKind) -> Option<Arc<StreamPlan>>
    + Send
    + Sync;

/// Makes the view that tells the SDK how our plans aggregate, and their cardinality limits.
///
/// A synchronous instrument whose plan says nothing special is left to the SDK. An aggregation that the SDK does not
/// do for the kind ([`InstrumentKind::supports`]) falls back to the kind's own one. Names, units and attributes are not
/// touched: the gate makes its instruments as the plan has them.
pub fn sdk_view(
    plan_of: Arc<PlanOf>,
) -> impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static {
    move |instrument| {
        let kind = kind_of(instrument.kind());
        let (name, unit) = (instrument.name(), instrument.unit());
        let plan = plan_of(instrument.scope(), name, unit, kind)?;
        compile(kind, &plan.aggregation, plan.limit)
    }
}

fn compile(kind: InstrumentKind, aggregation: &Aggregation, limit: usize) -> Option<Stream> {
    let aggregation = Some(aggregation)
        .filter(|aggregation| kind.supports(aggregation))
        .and_then(sdk_aggregation);
    let limit = if kind.is_observable() {
        limit.saturating_mul(OBSERVED_ROOM)
    } else {
        limit
    };
    if aggregation.is_none() && limit == DEFAULT_CARDINALITY_LIMIT {
        return None;
    }
    let mut stream = Stream::builder().with_cardinality_limit(limit.clamp(1, MOST_SERIES));
    if let Some(aggregation) = aggregation {
        stream = stream.with_aggregation(aggregation);
    }
    stream.build().ok()
}

/// `None` for the default, which the SDK must choose itself: only then it heeds an instrument's own bounds.
fn sdk_aggregation(aggregation: &Aggregation) -> Option<SdkAggregation> {
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

fn kind_of(kind: SdkKind) -> InstrumentKind {
    match kind {
        SdkKind::Counter => InstrumentKind::Counter,
        SdkKind::UpDownCounter => InstrumentKind::UpDownCounter,
        SdkKind::Histogram => InstrumentKind::Histogram,
        SdkKind::Gauge => InstrumentKind::Gauge,
        SdkKind::ObservableCounter => InstrumentKind::ObservableCounter,
        SdkKind::ObservableUpDownCounter => InstrumentKind::ObservableUpDownCounter,
        SdkKind::ObservableGauge => InstrumentKind::ObservableGauge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_plans_leave_the_instrument_to_the_sdk() {
        let limit = DEFAULT_CARDINALITY_LIMIT;
        assert!(compile(InstrumentKind::Counter, &Aggregation::Default, limit).is_none());
        assert!(compile(InstrumentKind::Counter, &Aggregation::Default, 10).is_some());
        assert!(compile(InstrumentKind::Counter, &Aggregation::Drop, limit).is_some());
    }

    #[test]
    fn what_the_sdk_cannot_do_falls_back_to_the_default() {
        let limit = DEFAULT_CARDINALITY_LIMIT;
        for (kind, aggregation) in [
            (InstrumentKind::Counter, Aggregation::LastValue),
            (InstrumentKind::Histogram, Aggregation::LastValue),
            (InstrumentKind::Gauge, Aggregation::Sum),
        ] {
            assert!(!kind.supports(&aggregation));
            assert!(compile(kind, &aggregation, limit).is_none());
        }
    }

    #[test]
    fn limits_and_sizes_stay_within_what_the_sdk_takes() {
        let extreme = Aggregation::Exponential {
            max_size: 0,
            max_scale: i8::MAX,
        };
        for limit in [0, usize::MAX] {
            assert!(compile(InstrumentKind::Histogram, &extreme, limit).is_some());
        }
        let invalid = Aggregation::ExplicitBuckets(Arc::from([2.0, 1.0]));
        assert!(compile(InstrumentKind::Histogram, &invalid, 10).is_none());
    }
}
