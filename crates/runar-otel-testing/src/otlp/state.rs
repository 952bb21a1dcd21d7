//! The state: the series that result from all requests so far.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{AggregationTemporality, Metric, ResourceMetrics, ScopeMetrics, metric::Data},
};

use super::{labels, point::Point};
use crate::series::{Bucket, Distribution, Kind, Labels, Series, Value};

/// The key of a series: name, labels, scope and resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    name: String,
    labels: Labels,
    scope: String,
    scope_labels: Labels,
    resource: Labels,
}

/// The series of a receiver, which adds up deltas and replaces totals.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    series: BTreeMap<Identity, Series>,
}

/// The effect of a new value: a total replaces the value before, a delta is added to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Temporality {
    Cumulative,
    Delta,
}

impl State {
    /// Returns the state after one request.
    pub(crate) fn of(request: &ExportMetricsServiceRequest) -> Self {
        let mut state = Self::default();
        state.take(request);
        state
    }

    /// Adds the data points of a request.
    pub(crate) fn take(&mut self, request: &ExportMetricsServiceRequest) {
        for resource in &request.resource_metrics {
            for scope in &resource.scope_metrics {
                for metric in &scope.metrics {
                    self.add_metric(resource, scope, metric);
                }
            }
        }
    }

    /// Returns the series, sorted by name and labels.
    pub(crate) fn series(&self) -> Vec<Series> {
        self.series.values().cloned().collect()
    }

    fn add_metric(&mut self, resource: &ResourceMetrics, scope: &ScopeMetrics, metric: &Metric) {
        let Some(data) = &metric.data else { return };
        let (kind, temporality, points) = read(data);
        let from = scope.scope.as_ref();
        for point in points {
            let identity = Identity {
                name: metric.name.clone(),
                labels: point.labels.clone(),
                scope: from.map(|from| from.name.clone()).unwrap_or_default(),
                scope_labels: from
                    .map(|from| labels(&from.attributes))
                    .unwrap_or_default(),
                resource: resource
                    .resource
                    .as_ref()
                    .map(|resource| labels(&resource.attributes))
                    .unwrap_or_default(),
            };
            let series = Series {
                name: metric.name.clone(),
                kind,
                unit: metric.unit.clone(),
                description: metric.description.clone(),
                labels: point.labels,
                value: point.value,
                exemplars: point.exemplars,
            };
            self.add_series(identity, series, temporality);
        }
    }

    fn add_series(&mut self, identity: Identity, mut new: Series, temporality: Temporality) {
        if let Some(known) = self.series.remove(&identity) {
            if temporality == Temporality::Delta {
                new.value = add_values(known.value, new.value);
            }
            // A receiver keeps the exemplars that it has been sent.
            let mut exemplars = known.exemplars;
            let fresh: Vec<_> = new
                .exemplars
                .into_iter()
                .filter(|exemplar| !exemplars.contains(exemplar))
                .collect();
            exemplars.extend(fresh);
            new.exemplars = exemplars;
        }
        self.series.insert(identity, new);
    }
}

fn read(data: &Data) -> (Kind, Temporality, Vec<Point>) {
    match data {
        Data::Gauge(gauge) => (
            Kind::Gauge,
            Temporality::Cumulative,
            points(&gauge.data_points),
        ),
        Data::Sum(sum) => {
            let kind = match sum.is_monotonic {
                true => Kind::Counter,
                false => Kind::UpDownCounter,
            };
            (
                kind,
                temporality_of(sum.aggregation_temporality),
                points(&sum.data_points),
            )
        }
        Data::Histogram(histogram) => (
            Kind::Histogram,
            temporality_of(histogram.aggregation_temporality),
            points(&histogram.data_points),
        ),
        Data::ExponentialHistogram(histogram) => (
            Kind::Histogram,
            temporality_of(histogram.aggregation_temporality),
            points(&histogram.data_points),
        ),
        Data::Summary(summary) => (
            Kind::Summary,
            Temporality::Cumulative,
            points(&summary.data_points),
        ),
    }
}

fn points<'p, P>(points: &'p [P]) -> Vec<Point>
where
    Point: From<&'p P>,
{
    points.iter().map(Point::from).collect()
}

fn temporality_of(code: i32) -> Temporality {
    match code == AggregationTemporality::Delta as i32 {
        true => Temporality::Delta,
        false => Temporality::Cumulative,
    }
}

fn add_values(known: Value, new: Value) -> Value {
    match (known, new) {
        (Value::Number(known), Value::Number(new)) => Value::Number(known + new),
        (Value::Distribution(known), Value::Distribution(new)) => {
            Value::Distribution(Distribution {
                count: known.count + new.count,
                sum: known.sum + new.sum,
                buckets: add_buckets(&known.buckets, &new.buckets),
                quantiles: new.quantiles,
            })
        }
        (_, new) => new,
    }
}

/// Adds up the counts of buckets; new buckets with other bounds replace the known ones.
fn add_buckets(known: &[Bucket], new: &[Bucket]) -> Vec<Bucket> {
    let same = known.len() == new.len()
        && known
            .iter()
            .zip(new)
            .all(|(one, other)| one.bound.total_cmp(&other.bound).is_eq());
    if !same {
        return new.to_vec();
    }
    let pairs = known.iter().zip(new);
    let added = pairs.map(|(one, other)| Bucket {
        bound: one.bound,
        count: one.count + other.count,
    });
    added.collect()
}
