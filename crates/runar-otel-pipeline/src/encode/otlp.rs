//! The OTLP encoding of a snapshot, as the protobuf message of the metrics service.

mod attribute;
mod point;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest, common::v1 as common,
    metrics::v1 as proto, resource::v1 as resource,
};

use crate::snapshot::{Data, Metric, Point, ScopeMetrics, Snapshot, Temporality};

/// Builds the export request that carries a whole snapshot.
///
/// Exemplars go out as doubles in the order of the snapshot, ascending by value: receivers assign them to
/// buckets in one walk, and some read an integer exemplar as zero. A `u64` beyond `i64::MAX` goes out as a
/// double. Values that are not a number are left out.
#[must_use]
pub fn request(snapshot: &Snapshot) -> ExportMetricsServiceRequest {
    let resource = &snapshot.resource;
    ExportMetricsServiceRequest {
        resource_metrics: vec![proto::ResourceMetrics {
            resource: Some(resource::Resource {
                attributes: attribute::list(&resource.attributes),
                ..Default::default()
            }),
            scope_metrics: snapshot.scopes.iter().map(scope_metrics).collect(),
            schema_url: owned(resource.schema_url.as_deref()),
        }],
    }
}

fn scope_metrics(from: &ScopeMetrics) -> proto::ScopeMetrics {
    let scope = &from.scope;
    proto::ScopeMetrics {
        scope: Some(common::InstrumentationScope {
            name: scope.name().to_owned(),
            version: owned(scope.version()),
            attributes: scope.attributes().map(attribute::pair).collect(),
            ..Default::default()
        }),
        metrics: from.metrics.iter().map(metric).collect(),
        schema_url: owned(scope.schema_url()),
    }
}

fn metric(from: &Metric) -> proto::Metric {
    proto::Metric {
        name: from.name.clone().into_owned(),
        description: from.description.clone().into_owned(),
        unit: from.unit.clone().into_owned(),
        data: Some(data(&from.data)),
        ..Default::default()
    }
}

fn data(from: &Data) -> proto::metric::Data {
    match from {
        Data::Gauge(points) => proto::metric::Data::Gauge(proto::Gauge {
            data_points: collect(points, point::number),
        }),
        Data::Sum {
            points,
            temporality,
            monotonic,
        } => proto::metric::Data::Sum(proto::Sum {
            data_points: collect(points, point::number),
            aggregation_temporality: code(*temporality),
            is_monotonic: *monotonic,
        }),
        Data::Histogram {
            points,
            temporality,
        } => proto::metric::Data::Histogram(proto::Histogram {
            data_points: collect(points, |from| Some(point::histogram(from))),
            aggregation_temporality: code(*temporality),
        }),
        Data::ExponentialHistogram {
            points,
            temporality,
        } => proto::metric::Data::ExponentialHistogram(proto::ExponentialHistogram {
            data_points: collect(points, |from| Some(point::exponential(from))),
            aggregation_temporality: code(*temporality),
        }),
        Data::Summary(points) => proto::metric::Data::Summary(proto::Summary {
            data_points: collect(points, |from| Some(point::summary(from))),
        }),
    }
}

fn collect<V, P>(points: &[Point<V>], convert: impl Fn(&Point<V>) -> Option<P>) -> Vec<P> {
    points.iter().filter_map(convert).collect()
}

fn code(temporality: Temporality) -> i32 {
    match temporality {
        Temporality::Cumulative => proto::AggregationTemporality::Cumulative.into(),
        Temporality::Delta => proto::AggregationTemporality::Delta.into(),
    }
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
