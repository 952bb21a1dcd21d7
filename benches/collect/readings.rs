//! Reading back what was recorded.

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{metric::Data, number_data_point::Value},
};
use prost::Message as _;

use crate::{Result, series::Kind};

/// All values of a metric in a page for Prometheus, or all counts if it is a histogram.
pub(crate) fn in_page(page: &[u8], kind: Kind) -> Result<f64> {
    let metric = match kind {
        Kind::Histogram => format!("{}_count", kind.metric()),
        _ => kind.metric().to_owned(),
    };
    let page = std::str::from_utf8(page)?;
    let value = |line: &str| -> Option<f64> {
        let name = line.split(['{', ' ']).next()?;
        (name == metric).then(|| line.rsplit(' ').next()?.parse().ok())?
    };
    Ok(page.lines().filter_map(value).sum())
}

/// The same in an OTLP message.
pub(crate) fn in_message(message: &[u8], kind: Kind) -> Result<f64> {
    let request = ExportMetricsServiceRequest::decode(message)?;
    let scopes = request
        .resource_metrics
        .iter()
        .flat_map(|one| &one.scope_metrics);
    let metrics = scopes.flat_map(|scope| &scope.metrics);
    let data = metrics
        .filter(|metric| metric.name == kind.metric())
        .filter_map(|one| one.data.as_ref());
    Ok(data.map(sum).sum())
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn sum(data: &Data) -> f64 {
    let number = |value: &Option<Value>| match value {
        Some(Value::AsInt(value)) => *value as f64,
        Some(Value::AsDouble(value)) => *value,
        None => 0.0,
    };
    match data {
        Data::Sum(sum) => sum
            .data_points
            .iter()
            .map(|point| number(&point.value))
            .sum(),
        Data::Gauge(gauge) => gauge
            .data_points
            .iter()
            .map(|point| number(&point.value))
            .sum(),
        Data::Histogram(histogram) => histogram
            .data_points
            .iter()
            .map(|point| point.count as f64)
            .sum(),
        _ => 0.0,
    }
}
