//! The OTLP encoding of a snapshot, as the Protobuf message of the metrics service.
//!
//! The message is written straight from the snapshot into one buffer. The generated messages would hold a copy of every
//! string, and measure each of their parts again and again before they write it.

mod attribute;
mod field;
mod part;
mod point;
mod size;
mod wire;

use std::ops::Range;

pub use self::part::{Part, split};
use self::{
    part::Run,
    point::PreviousPoint,
    size::{data_size, metric_size},
    wire::{SMALL, Wire, varint_size},
};
use super::pair::pairs;
use crate::snapshot::{Data, Metric, Point, Resource, ScopeMetrics, Snapshot, Temporality};

/// Encodes the `ExportMetricsServiceRequest` that carries a whole snapshot; see [`encode_part`].
#[must_use]
pub fn encode(snapshot: &Snapshot) -> Vec<u8> {
    encode_part(snapshot, &Part::whole(snapshot))
}

/// Encodes the `ExportMetricsServiceRequest` that carries a part of a snapshot. The same part gives the same bytes.
///
/// Exemplars go out as doubles in the order of the snapshot, ascending by value: receivers assign them to
/// buckets in one walk, and some read an integer exemplar as zero. A `u64` beyond `i64::MAX` goes out as a
/// double. A gauge may be NaN; of all else, values that are not a
/// number are left out.
#[must_use]
pub fn encode_part(snapshot: &Snapshot, part: &Part) -> Vec<u8> {
    let whole = part.size(snapshot);
    let mut wire = Wire::with_capacity(whole);
    wire.message(field::request::RESOURCE_METRICS, room(whole), |wire| {
        wire.message(field::resource_metrics::RESOURCE, SMALL, |wire| {
            write_resource(wire, &snapshot.resource);
        });
        for runs in part.scopes() {
            write_scope(wire, snapshot, runs);
        }
        wire.text(
            field::resource_metrics::SCHEMA_URL,
            snapshot.resource.schema_url.as_deref().unwrap_or_default(),
        );
    });
    wire.into_bytes()
}

/// Writes the runs of points of one scope.
fn write_scope(wire: &mut Wire, snapshot: &Snapshot, runs: &[Run]) {
    let Some(scope) = runs.first().and_then(|run| run.scope(snapshot)) else {
        return;
    };
    let size = runs.iter().map(|run| run.size(snapshot)).sum();
    wire.message(field::resource_metrics::SCOPE_METRICS, room(size), |wire| {
        write_scope_metrics(wire, snapshot, scope, runs);
    });
}

fn write_resource(wire: &mut Wire, from: &Resource) {
    attribute::write_list(wire, field::resource::ATTRIBUTES, pairs(&from.attributes));
}

fn write_scope_metrics(wire: &mut Wire, snapshot: &Snapshot, from: &ScopeMetrics, runs: &[Run]) {
    let scope = &from.scope;
    wire.message(field::scope_metrics::SCOPE, SMALL, |wire| {
        wire.text(field::scope::NAME, scope.name());
        wire.text(field::scope::VERSION, scope.version().unwrap_or_default());
        attribute::write_list(wire, field::scope::ATTRIBUTES, pairs(scope.attributes()));
    });
    for run in runs {
        let Some(metric) = run.metric(snapshot) else {
            continue;
        };
        let size = room(metric_size(metric, run.points.len()));
        wire.message(field::scope_metrics::METRICS, size, |wire| {
            write_metric(wire, metric, run.points.clone());
        });
    }
    wire.text(
        field::scope_metrics::SCHEMA_URL,
        scope.schema_url().unwrap_or_default(),
    );
}

fn write_metric(wire: &mut Wire, from: &Metric, points: Range<usize>) {
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
    wire.message(number, room(data_size(&from.data, points.len())), |wire| {
        write_data(wire, &from.data, points);
    });
}

fn write_data(wire: &mut Wire, from: &Data, run: Range<usize>) {
    match from {
        Data::Gauge(points) => write_points(wire, points, run, point::write_last),
        Data::Sum {
            points,
            temporality,
            monotonic,
        } => {
            write_points(wire, points, run, point::write_sum);
            wire.present_integer(field::data::AGGREGATION_TEMPORALITY, code(*temporality));
            if *monotonic {
                wire.present_integer(field::data::IS_MONOTONIC, 1);
            }
        }
        Data::Histogram {
            points,
            temporality,
        } => {
            write_points(wire, points, run, point::write_histogram);
            wire.present_integer(field::data::AGGREGATION_TEMPORALITY, code(*temporality));
        }
        Data::ExponentialHistogram {
            points,
            temporality,
        } => {
            write_points(wire, points, run, point::write_exponential);
            wire.present_integer(field::data::AGGREGATION_TEMPORALITY, code(*temporality));
        }
        Data::Summary(points) => write_points(wire, points, run, point::write_summary),
    }
}

fn write_points<V>(
    wire: &mut Wire,
    points: &[Point<V>],
    run: Range<usize>,
    write: impl Fn(&mut Wire, &mut PreviousPoint, &Point<V>),
) {
    let mut previous = PreviousPoint::new();
    for point in points.get(run).unwrap_or_default() {
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

#[cfg(test)]
pub(super) mod tests;
