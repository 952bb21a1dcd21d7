//! A reader and plain points, for looking at what reached the SDK.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
        data::{AggregatedMetrics, MetricData, ResourceMetrics},
        reader::MetricReader,
    },
};
use runar_otel_core::{
    attributes::canonical,
    exemplar::Exemplar,
    gate::{Gate, GateOptions, Streams, during_collection},
};

#[derive(Clone, Debug)]
pub(crate) struct Reader(Arc<ManualReader>, Temporality);

impl Reader {
    pub(crate) fn new(temporality: Temporality) -> Self {
        Self(Arc::new(ManualReader::builder().build()), temporality)
    }
}

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }
    fn collect(&self, into: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(into)
    }
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
    fn temporality(&self, _: InstrumentKind) -> Temporality {
        self.1
    }
}

/// One data point, told in one line each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) metric: String,
    pub(crate) scope: Vec<KeyValue>,
    pub(crate) unit: String,
    pub(crate) description: String,
    pub(crate) labels: Vec<KeyValue>,
    pub(crate) value: f64,
    /// Of a histogram: how many values.
    pub(crate) count: u64,
    pub(crate) bounds: Vec<f64>,
}

/// A gate before an SDK provider with one reader.
pub(crate) struct Bench {
    pub(crate) gate: Arc<Gate>,
    reader: Reader,
    _provider: SdkMeterProvider,
}

impl Bench {
    pub(crate) fn new(options: GateOptions) -> Self {
        let reader = Reader::new(Temporality::Delta);
        let provider = SdkMeterProvider::builder()
            .with_reader(reader.clone())
            .build();
        let inner: Arc<dyn MeterProvider + Send + Sync> = Arc::new(provider.clone());
        let gate = Arc::new(Gate::new(Streams::new(options), inner));
        let bench = Self {
            gate,
            reader,
            _provider: provider,
        };
        // From then on measurements wait in rings, as they do in an application.
        bench.collect();
        bench
    }

    pub(crate) fn collect(&self) -> Vec<Point> {
        let mut metrics = ResourceMetrics::default();
        during_collection(|| self.reader.collect(&mut metrics)).unwrap();
        self.gate.streams().settle();
        points(&metrics)
    }

    pub(crate) fn one(&self, metric: &str) -> Point {
        let all = self.collect();
        let mut found = all.iter().filter(|point| point.metric == metric);
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no {metric} in {all:#?}"));
        assert_eq!(found.next(), None);
        one.clone()
    }

    pub(crate) fn exemplars(&self, metric: &str) -> Vec<(Vec<KeyValue>, Vec<Exemplar>)> {
        let frozen = self.gate.streams().freeze();
        let of_metric = frozen
            .into_iter()
            .filter(|stream| stream.plan.name == metric);
        of_metric
            .flat_map(|stream| stream.series)
            .map(|(key, kept)| (key.to_vec(), kept))
            .collect()
    }
}

macro_rules! read {
    ($data:expr, $point:expr, $out:expr) => {
        match $data {
            MetricData::Gauge(gauge) => gauge.data_points().for_each(|p| {
                $out.push($point(
                    p.attributes().cloned().collect(),
                    p.value() as f64,
                    0,
                    vec![],
                ))
            }),
            MetricData::Sum(sum) => sum.data_points().for_each(|p| {
                $out.push($point(
                    p.attributes().cloned().collect(),
                    p.value() as f64,
                    0,
                    vec![],
                ))
            }),
            MetricData::Histogram(histogram) => histogram.data_points().for_each(|p| {
                $out.push($point(
                    p.attributes().cloned().collect(),
                    p.sum() as f64,
                    p.count() as u64,
                    p.bounds().collect(),
                ))
            }),
            MetricData::ExponentialHistogram(histogram) => histogram.data_points().for_each(|p| {
                $out.push($point(
                    p.attributes().cloned().collect(),
                    p.sum() as f64,
                    p.count() as u64,
                    vec![],
                ))
            }),
        }
    };
}

#[expect(clippy::cast_precision_loss, reason = "small numbers of three types")]
fn points(metrics: &ResourceMetrics) -> Vec<Point> {
    let mut out = Vec::new();
    for scope in metrics.scope_metrics() {
        for metric in scope.metrics() {
            let point = |labels: Vec<KeyValue>, value: f64, count: u64, bounds: Vec<f64>| Point {
                metric: metric.name().to_owned(),
                scope: scope.scope().attributes().cloned().collect(),
                unit: metric.unit().to_owned(),
                description: metric.description().to_owned(),
                labels: canonical(&labels).to_vec(),
                value,
                count,
                bounds,
            };
            match metric.data() {
                AggregatedMetrics::F64(data) => read!(data, point, out),
                AggregatedMetrics::I64(data) => read!(data, point, out),
                AggregatedMetrics::U64(data) => read!(data, point, out),
            }
        }
    }
    out
}
