//! Data points and exemplars in OTLP.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::metrics::v1 as proto;
use runar_otel_core::exemplar::Exemplar;

use super::attribute;
use crate::snapshot::{
    ExponentialBuckets, ExponentialHistogram, Histogram, Number, Point, Summary,
};

/// Converts a point of a gauge or a sum; `None` when its value is not a number.
pub(super) fn number(from: &Point<Number>) -> Option<proto::NumberDataPoint> {
    Some(proto::NumberDataPoint {
        attributes: attribute::list(&from.attributes),
        start_time_unix_nano: start(from.start),
        time_unix_nano: nanos(from.time),
        exemplars: exemplars(&from.exemplars),
        flags: 0,
        value: Some(value(from.value)?),
    })
}

/// Converts a point with explicit buckets.
pub(super) fn histogram(from: &Point<Histogram>) -> proto::HistogramDataPoint {
    let value = &from.value;
    // Counts and bounds are both there, one count more than bounds, or both absent (OTLP, `bucket_counts`).
    let bounds: &[f64] = if value.counts.is_empty() {
        &[]
    } else {
        &value.bounds
    };
    proto::HistogramDataPoint {
        attributes: attribute::list(&from.attributes),
        start_time_unix_nano: start(from.start),
        time_unix_nano: nanos(from.time),
        count: value.count,
        sum: real(value.sum),
        bucket_counts: value.counts.clone(),
        explicit_bounds: bounds.to_vec(),
        exemplars: exemplars(&from.exemplars),
        flags: 0,
        min: real(value.min),
        max: real(value.max),
    }
}

/// Converts a point with exponential buckets; a side without buckets is absent.
pub(super) fn exponential(
    from: &Point<ExponentialHistogram>,
) -> proto::ExponentialHistogramDataPoint {
    let value = &from.value;
    proto::ExponentialHistogramDataPoint {
        attributes: attribute::list(&from.attributes),
        start_time_unix_nano: start(from.start),
        time_unix_nano: nanos(from.time),
        count: value.count,
        sum: real(value.sum),
        scale: value.scale,
        zero_count: value.zero_count,
        positive: buckets(&value.positive),
        negative: buckets(&value.negative),
        flags: 0,
        exemplars: exemplars(&from.exemplars),
        min: real(value.min),
        max: real(value.max),
        zero_threshold: value.zero_threshold,
    }
}

/// Converts a point with quantiles; exemplars have no place in it.
pub(super) fn summary(from: &Point<Summary>) -> proto::SummaryDataPoint {
    let quantiles = from.value.quantiles.iter();
    proto::SummaryDataPoint {
        attributes: attribute::list(&from.attributes),
        start_time_unix_nano: start(from.start),
        time_unix_nano: nanos(from.time),
        count: from.value.count,
        sum: real(Some(from.value.sum)).unwrap_or_default(),
        quantile_values: quantiles
            .filter(|(_, value)| !value.is_nan())
            .map(
                |&(quantile, value)| proto::summary_data_point::ValueAtQuantile { quantile, value },
            )
            .collect(),
        flags: 0,
    }
}

fn buckets(from: &ExponentialBuckets) -> Option<proto::exponential_histogram_data_point::Buckets> {
    if from.counts.is_empty() {
        return None;
    }
    Some(proto::exponential_histogram_data_point::Buckets {
        offset: from.offset,
        bucket_counts: from.counts.clone(),
    })
}

fn value(number: Number) -> Option<proto::number_data_point::Value> {
    use proto::number_data_point::Value::{AsDouble, AsInt};
    match number {
        Number::I64(value) => Some(AsInt(value)),
        // Rounded beats wrong: the integer of OTLP is signed.
        Number::U64(value) => {
            Some(i64::try_from(value).map_or_else(|_| AsDouble(number.as_f64()), AsInt))
        }
        Number::F64(value) => real(Some(value)).map(AsDouble),
    }
}

fn exemplars(from: &[Exemplar]) -> Vec<proto::Exemplar> {
    from.iter()
        .filter(|exemplar| !exemplar.value.is_nan())
        .map(exemplar)
        .collect()
}

fn exemplar(from: &Exemplar) -> proto::Exemplar {
    let (trace_id, span_id) = from.span.map_or_else(Default::default, |span| {
        (
            span.trace_id.to_bytes().to_vec(),
            span.span_id.to_bytes().to_vec(),
        )
    });
    proto::Exemplar {
        filtered_attributes: attribute::list(&from.filtered_attributes),
        time_unix_nano: nanos(from.time),
        span_id,
        trace_id,
        value: Some(proto::exemplar::Value::AsDouble(from.value)),
    }
}

fn real(value: Option<f64>) -> Option<f64> {
    value.filter(|value| !value.is_nan())
}

fn start(time: Option<SystemTime>) -> u64 {
    // Zero means unknown (OTLP, `start_time_unix_nano`).
    time.map_or(0, nanos)
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
