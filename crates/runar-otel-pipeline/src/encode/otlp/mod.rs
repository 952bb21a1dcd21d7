//! The OTLP encoding of a snapshot, as the Protobuf message of the metrics service.
//!
//! The message is written straight from the snapshot into one buffer. The generated messages would hold a copy of every
//! string, and measure each of their parts again and again before they write it.

mod attribute;
mod field;
mod point;
mod wire;

use self::{
    point::PreviousPoint,
    wire::{SMALL, Wire, varint_size},
};
use super::pair::pairs;
use crate::snapshot::{Data, Metric, Point, Resource, ScopeMetrics, Snapshot, Temporality};

/// Encodes the `ExportMetricsServiceRequest` that carries a whole snapshot.
///
/// Exemplars go out as doubles in the order of the snapshot, ascending by value: receivers assign them to
/// buckets in one walk, and some read an integer exemplar as zero. A `u64` beyond `i64::MAX` goes out as a
/// double. A gauge may be NaN; of all else, values that are not a
/// number are left out.
#[must_use]
pub fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let sizes: Vec<usize> = snapshot.scopes.iter().map(size).collect();
    let whole: usize = sizes.iter().sum();
    let mut wire = Wire::with_capacity(whole);
    wire.message(field::request::RESOURCE_METRICS, room(whole), |wire| {
        wire.message(field::resource_metrics::RESOURCE, SMALL, |wire| {
            write_resource(wire, &snapshot.resource);
        });
        for (scope, size) in snapshot.scopes.iter().zip(sizes) {
            wire.message(field::resource_metrics::SCOPE_METRICS, room(size), |wire| {
                write_scope_metrics(wire, scope);
            });
        }
        wire.text(
            field::resource_metrics::SCHEMA_URL,
            snapshot.resource.schema_url.as_deref().unwrap_or_default(),
        );
    });
    wire.into_bytes()
}

fn write_resource(wire: &mut Wire, from: &Resource) {
    attribute::write_list(wire, field::resource::ATTRIBUTES, pairs(&from.attributes));
}

fn write_scope_metrics(wire: &mut Wire, from: &ScopeMetrics) {
    let scope = &from.scope;
    wire.message(field::scope_metrics::SCOPE, SMALL, |wire| {
        wire.text(field::scope::NAME, scope.name());
        wire.text(field::scope::VERSION, scope.version().unwrap_or_default());
        attribute::write_list(wire, field::scope::ATTRIBUTES, pairs(scope.attributes()));
    });
    for metric in &from.metrics {
        wire.message(
            field::scope_metrics::METRICS,
            room(metric_size(metric)),
            |wire| {
                write_metric(wire, metric);
            },
        );
    }
    wire.text(
        field::scope_metrics::SCHEMA_URL,
        scope.schema_url().unwrap_or_default(),
    );
}

fn write_metric(wire: &mut Wire, from: &Metric) {
    wire.text(field::metric::NAME, &from.name);
    wire.text(field::metric::DESCRIPTION, &from.description);
    wire.text(field::metric::UNIT, &from.unit);
    let number = match from.data {
        Data::Gauge(_) => field::metric::GAUGE,
        Data::Sum { .. } => field::metric::SUM,
        Data::Histogram { .. } => field::metric::HISTOGRAM,
        Data::ExponentialHistogram { .. } => field::metric::EXPONENTIAL_HISTOGRAM,
        Data::Summary(_) => field::metric::SUMMARY,
    };
    wire.message(number, room(data_size(&from.data)), |wire| {
        write_data(wire, &from.data);
    });
}

fn write_data(wire: &mut Wire, from: &Data) {
    match from {
        Data::Gauge(points) => write_points(wire, points, point::write_last),
        Data::Sum {
            points,
            temporality,
            monotonic,
        } => {
            write_points(wire, points, point::write_sum);
            wire.present_integer(field::data::AGGREGATION_TEMPORALITY, code(*temporality));
            if *monotonic {
                wire.present_integer(field::data::IS_MONOTONIC, 1);
            }
        }
        Data::Histogram {
            points,
            temporality,
        } => {
            write_points(wire, points, point::write_histogram);
            wire.present_integer(field::data::AGGREGATION_TEMPORALITY, code(*temporality));
        }
        Data::ExponentialHistogram {
            points,
            temporality,
        } => {
            write_points(wire, points, point::write_exponential);
            wire.present_integer(field::data::AGGREGATION_TEMPORALITY, code(*temporality));
        }
        Data::Summary(points) => write_points(wire, points, point::write_summary),
    }
}

fn write_points<V>(
    wire: &mut Wire,
    points: &[Point<V>],
    write: impl Fn(&mut Wire, &mut PreviousPoint, &Point<V>),
) {
    let mut previous = PreviousPoint::new();
    for point in points {
        write(wire, &mut previous, point);
    }
}

/// Returns the number of `AggregationTemporality` in OTLP.
fn code(temporality: Temporality) -> i64 {
    match temporality {
        Temporality::Delta => 1,
        Temporality::Cumulative => 2,
    }
}

/// Returns the number of bytes to keep for the length of a message of about this size.
fn room(size: usize) -> usize {
    varint_size(size as u64)
}

/// Estimates the size of a scope in bytes, for the capacity of the buffer and the room of lengths.
fn size(scope: &ScopeMetrics) -> usize {
    scope.metrics.iter().map(metric_size).sum()
}

fn metric_size(metric: &Metric) -> usize {
    let texts = metric.name.len() + metric.description.len();
    texts + data_size(&metric.data)
}

/// Estimates the size of data in bytes, by its first point; the others are alike.
fn data_size(data: &Data) -> usize {
    match data {
        Data::Gauge(points) | Data::Sum { points, .. } => points_size(points, |_| 0),
        Data::Histogram { points, .. } => points_size(points, |value| 30 + 16 * value.counts.len()),
        Data::ExponentialHistogram { points, .. } => points_size(points, |value| {
            60 + 2 * (value.positive.counts.len() + value.negative.counts.len())
        }),
        Data::Summary(points) => points_size(points, |value| 20 * value.quantiles.len()),
    }
}

fn points_size<V>(points: &[Point<V>], value: impl Fn(&V) -> usize) -> usize {
    let Some(first) = points.first() else {
        return 0;
    };
    // Five bytes of each label are counted in the packed length already.
    let labels = first.labels.packed_len() + 5 * first.labels.iter().count();
    let one = 32 + labels + value(&first.value);
    one * points.len()
}

#[cfg(test)]
pub(super) mod tests;
