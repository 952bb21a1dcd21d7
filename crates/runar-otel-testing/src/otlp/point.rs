//! Data points of OTLP, reduced to labels, value and exemplars.

use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar as ProtoExemplar, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint,
    SummaryDataPoint, exemplar, number_data_point,
};

use super::{hex, labels};
use crate::series::{Bucket, Distribution, Exemplar, Labels, Value};

/// A data point of any type.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) labels: Labels,
    pub(super) value: Value,
    pub(super) exemplars: Vec<Exemplar>,
}

impl From<&NumberDataPoint> for Point {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a test counts no further than 2^53"
    )]
    fn from(from: &NumberDataPoint) -> Self {
        let number = match from.value {
            Some(number_data_point::Value::AsDouble(value)) => value,
            Some(number_data_point::Value::AsInt(value)) => value as f64,
            None => f64::NAN,
        };
        Self {
            labels: labels(&from.attributes),
            value: Value::Number(number),
            exemplars: exemplars(&from.exemplars),
        }
    }
}

impl From<&HistogramDataPoint> for Point {
    fn from(from: &HistogramDataPoint) -> Self {
        let bounds = from.explicit_bounds.iter().copied();
        let bounds = bounds.chain(std::iter::once(f64::INFINITY));
        let counts = from.bucket_counts.iter().copied();
        let buckets = bounds
            .zip(counts)
            .map(|(bound, count)| Bucket { bound, count });
        Self {
            labels: labels(&from.attributes),
            value: Value::Distribution(Distribution {
                count: from.count,
                sum: from.sum.unwrap_or_default(),
                buckets: buckets.collect(),
                quantiles: Vec::new(),
            }),
            exemplars: exemplars(&from.exemplars),
        }
    }
}

impl From<&ExponentialHistogramDataPoint> for Point {
    fn from(from: &ExponentialHistogramDataPoint) -> Self {
        Self {
            labels: labels(&from.attributes),
            value: Value::Distribution(Distribution {
                count: from.count,
                sum: from.sum.unwrap_or_default(),
                ..Distribution::default()
            }),
            exemplars: exemplars(&from.exemplars),
        }
    }
}

impl From<&SummaryDataPoint> for Point {
    fn from(from: &SummaryDataPoint) -> Self {
        let quantiles = from.quantile_values.iter();
        Self {
            labels: labels(&from.attributes),
            value: Value::Distribution(Distribution {
                count: from.count,
                sum: from.sum,
                buckets: Vec::new(),
                quantiles: quantiles.map(|at| (at.quantile, at.value)).collect(),
            }),
            exemplars: Vec::new(),
        }
    }
}

fn exemplars(from: &[ProtoExemplar]) -> Vec<Exemplar> {
    from.iter().map(exemplar).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a test counts no further than 2^53"
)]
fn exemplar(from: &ProtoExemplar) -> Exemplar {
    Exemplar {
        value: match from.value {
            Some(exemplar::Value::AsDouble(value)) => value,
            Some(exemplar::Value::AsInt(value)) => value as f64,
            None => f64::NAN,
        },
        trace_id: hex(&from.trace_id),
        span_id: hex(&from.span_id),
        labels: labels(&from.filtered_attributes),
    }
}
