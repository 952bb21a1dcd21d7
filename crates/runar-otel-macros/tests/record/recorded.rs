//! What reached the SDK.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{
    ManualReader, SdkMeterProvider, Temporality,
    data::{AggregatedMetrics, MetricData, ResourceMetrics},
    reader::MetricReader,
};
use runar_otel_core::gate::{Gate, GateOptions, Streams, during_collection};

/// A series as it was collected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) kind: &'static str,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// `key=value`, sorted.
    pub(crate) labels: Vec<String>,
    /// The value, or the sum.
    pub(crate) value: f64,
    pub(crate) bounds: Vec<f64>,
}

/// A provider with one reader, the one of this process.
pub(crate) struct Recorder {
    reader: Arc<ManualReader>,
    gate: Arc<Gate>,
    _provider: SdkMeterProvider,
}

static RECORDER: LazyLock<Mutex<Recorder>> = LazyLock::new(|| {
    crate::reports::listen();
    let recorder = Recorder::new();
    runar_otel_core::install(recorder.gate.clone());
    Mutex::new(recorder)
});

/// The recorder; each test has metrics of its own.
pub(crate) fn recorder() -> MutexGuard<'static, Recorder> {
    RECORDER.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Debug)]
struct Shared(Arc<ManualReader>);

impl MetricReader for Shared {
    fn register_pipeline(&self, pipeline: std::sync::Weak<opentelemetry_sdk::metrics::Pipeline>) {
        self.0.register_pipeline(pipeline);
    }
    fn collect(&self, into: &mut ResourceMetrics) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.collect(into)
    }
    fn force_flush(&self) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(
        &self,
        _: std::time::Duration,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }
    fn temporality(&self, _: opentelemetry_sdk::metrics::InstrumentKind) -> Temporality {
        Temporality::Cumulative
    }
}

impl Recorder {
    fn new() -> Self {
        let reader = Arc::new(ManualReader::builder().build());
        let provider = SdkMeterProvider::builder()
            .with_reader(Shared(reader.clone()))
            .build();
        let inner: Arc<dyn MeterProvider + Send + Sync> = Arc::new(provider.clone());
        Self {
            reader,
            gate: Arc::new(Gate::new(Streams::new(GateOptions::default()), inner)),
            _provider: provider,
        }
    }

    /// All series of a metric, since the start.
    pub(crate) fn series(&self, metric: &str) -> Vec<Series> {
        let mut collected = ResourceMetrics::default();
        during_collection(|| self.reader.collect(&mut collected)).unwrap();
        let mut found = Vec::new();
        for one in collected
            .scope_metrics()
            .flat_map(opentelemetry_sdk::metrics::data::ScopeMetrics::metrics)
            .filter(|one| one.name() == metric)
        {
            let data: Vec<Series> = match one.data() {
                AggregatedMetrics::F64(data) => read(data, |value| value),
                AggregatedMetrics::I64(data) => {
                    read(data, |value| f64::from(i32::try_from(value).unwrap()))
                }
                AggregatedMetrics::U64(data) => {
                    read(data, |value| f64::from(u32::try_from(value).unwrap()))
                }
            };
            found.extend(data.into_iter().map(|series| Series {
                unit: one.unit().to_owned(),
                description: one.description().to_owned(),
                ..series
            }));
        }
        found.sort_by(|one, other| one.labels.cmp(&other.labels));
        found
    }

    /// The only series of a metric.
    pub(crate) fn one(&self, metric: &str) -> Series {
        let mut all = self.series(metric);
        assert_eq!(all.len(), 1, "{metric}: {all:#?}");
        all.pop().unwrap()
    }
}

fn read<T: Copy>(data: &MetricData<T>, number: impl Fn(T) -> f64) -> Vec<Series> {
    let series = |kind, attributes: Vec<&opentelemetry::KeyValue>, value, bounds| {
        let text = |label: &&opentelemetry::KeyValue| format!("{}={}", label.key, label.value);
        let mut labels: Vec<String> = attributes.iter().map(text).collect();
        labels.sort();
        Series {
            kind,
            unit: String::new(),
            description: String::new(),
            labels,
            value,
            bounds,
        }
    };
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|p| series("gauge", p.attributes().collect(), number(p.value()), vec![]))
            .collect(),
        MetricData::Sum(sum) => {
            let kind = if sum.is_monotonic() {
                "counter"
            } else {
                "up-down counter"
            };
            sum.data_points()
                .map(|p| series(kind, p.attributes().collect(), number(p.value()), vec![]))
                .collect()
        }
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|p| {
                let bounds = p.bounds().collect();
                series(
                    "histogram",
                    p.attributes().collect(),
                    number(p.sum()),
                    bounds,
                )
            })
            .collect(),
        MetricData::ExponentialHistogram(_) => Vec::new(),
    }
}
