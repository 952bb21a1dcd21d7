//! The metrics of the SDK, in the form of the comparison.

use std::collections::BTreeMap;

use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, ExponentialBucket, ExponentialHistogramDataPoint, HistogramDataPoint,
    MetricData, ResourceMetrics,
};
use runar_otel_core::{labels::LabelSet, metric::Shape};
use runar_otel_pipeline::snapshot::{ExponentialBuckets, ExponentialHistogram, Histogram, Number};

use crate::{
    differences::{self, sdk_applies_one_of_conflicting_views, sdk_refuses_units_beyond_ascii},
    plan::{Plan, Stream},
    point::{self, Value, Values},
    program::NumberType,
};

/// The number types of the SDK.
trait Real: Copy {
    fn number(self) -> Number;

    fn real(self) -> f64 {
        self.number().as_f64()
    }
}

impl Real for u64 {
    fn number(self) -> Number {
        Number::U64(self)
    }
}

impl Real for i64 {
    fn number(self) -> Number {
        Number::I64(self)
    }
}

impl Real for f64 {
    fn number(self) -> Number {
        Number::F64(self)
    }
}

/// Adds a collection to the ones before.
pub(crate) fn add(collected: &ResourceMetrics, plan: &Plan, all: &mut BTreeMap<usize, Values>) {
    for scope in collected.scope_metrics() {
        for metric in scope.metrics() {
            let mut streams = plan.streams.iter().enumerate();
            let at = streams.position(|(at, stream)| {
                stream.meter == scope.scope().name()
                    && sdk_applies_one_of_conflicting_views(plan, at) == metric.name()
                    && sdk_refuses_units_beyond_ascii(stream.unit) == metric.unit()
                    && stream.base_description == metric.description()
            });
            let at = at.unwrap_or_else(|| panic!("no stream is {metric:?}"));
            let stream = &plan.streams[at];
            let values = match metric.data() {
                AggregatedMetrics::U64(data) => values(data, stream),
                AggregatedMetrics::I64(data) => values(data, stream),
                AggregatedMetrics::F64(data) => values(data, stream),
            };
            let known = all.entry(at).or_default();
            for (labels, value) in values {
                point::add_to(known, labels, &value, stream.max_size());
            }
        }
    }
}

fn values<N: Real>(data: &MetricData<N>, stream: &Stream) -> Values {
    let mut values = Values::new();
    let shape;
    let mut put = |labels: LabelSet, value: Value| {
        let known = values.insert(labels, value);
        assert_eq!(known, None, "one set came twice");
    };
    match data {
        MetricData::Gauge(gauge) => {
            shape = Shape::Gauge;
            for point in gauge.data_points() {
                let labels = differences::without_mark(point.attributes());
                put(labels, Value::Number(number(point.value(), stream)));
            }
        }
        MetricData::Sum(sum) => {
            shape = match sum.is_monotonic() {
                true => Shape::MonotonicSum,
                false => Shape::NonMonotonicSum,
            };
            for point in sum.data_points() {
                let labels = differences::without_mark(point.attributes());
                put(labels, Value::Number(number(point.value(), stream)));
            }
        }
        MetricData::Histogram(histogram) => {
            shape = Shape::Histogram;
            for point in histogram.data_points() {
                let labels = differences::without_mark(point.attributes());
                put(labels, Value::Explicit(explicit(point, stream)));
            }
        }
        MetricData::ExponentialHistogram(histogram) => {
            shape = Shape::ExponentialHistogram;
            for point in histogram.data_points() {
                let labels = differences::without_mark(point.attributes());
                put(labels, Value::Exponential(exponential(point, stream)));
            }
        }
    }
    assert_eq!(shape, stream.shape());
    values
}

/// See [`differences::sdk_tells_signed_from_unsigned`] and [`differences::sdk_has_no_sums_of_gauges`]: there the SDK has
/// signed numbers only.
fn number(value: impl Real, stream: &Stream) -> Number {
    match (value.number(), stream.number) {
        (Number::I64(value), NumberType::U64) if stream.sums_gauges() => {
            Number::U64(value.cast_unsigned())
        }
        (Number::I64(value), NumberType::U64) => Number::U64(value.try_into().unwrap()),
        (value, _) => value,
    }
}

fn explicit<N: Real>(point: &HistogramDataPoint<N>, stream: &Stream) -> Histogram {
    let has_sum = differences::sdk_sums_gauges_in_histograms(stream.kind);
    Histogram {
        count: point.count(),
        sum: has_sum.then(|| point.sum().real()),
        min: point.min().map(Real::real),
        max: point.max().map(Real::real),
        bounds: point.bounds().collect::<Vec<f64>>().into(),
        counts: point.bucket_counts().collect(),
    }
}

fn exponential<N: Real>(
    point: &ExponentialHistogramDataPoint<N>,
    stream: &Stream,
) -> ExponentialHistogram {
    let has_sum = differences::sdk_sums_gauges_in_histograms(stream.kind);
    ExponentialHistogram {
        count: point.count() as u64,
        sum: has_sum.then(|| point.sum().real()),
        min: point.min().map(Real::real),
        max: point.max().map(Real::real),
        scale: point.scale().into(),
        zero_count: point.zero_count(),
        zero_threshold: point.zero_threshold(),
        positive: side(point.positive_bucket()),
        negative: side(point.negative_bucket()),
    }
}

fn side(bucket: &ExponentialBucket) -> ExponentialBuckets {
    ExponentialBuckets {
        offset: bucket.offset(),
        counts: bucket.counts().collect(),
    }
}
