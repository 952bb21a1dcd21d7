//! What reached the SDK of the calls of one function.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
        data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics},
        reader::MetricReader,
    },
};
use runar_otel_core::gate::{Gate, GateOptions, Streams, during_collection};

/// The calls of one function, or of all that share its name and labels.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Calls {
    /// How many ended how; zeros are left out.
    pub(crate) ended: BTreeMap<String, u64>,
    /// How many durations there are of each outcome.
    pub(crate) timed: BTreeMap<String, u64>,
    /// How many errors there are of each type; zeros are left out.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) active: i64,
}

impl Calls {
    /// As many of each outcome as given, each with its duration, none active.
    pub(crate) fn ended<const N: usize>(outcomes: [(&str, u64); N]) -> Self {
        let ended: BTreeMap<String, u64> = counts(outcomes);
        let errors = ["error", "panic"].into_iter().filter_map(|outcome| {
            let kind = if outcome == "error" {
                "_OTHER"
            } else {
                "panic"
            };
            Some((kind.to_owned(), *ended.get(outcome)?))
        });
        Self {
            errors: errors.collect(),
            timed: ended.clone(),
            ended,
            active: 0,
        }
    }
}

fn counts<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    let owned = counts.map(|(name, count)| (name.to_owned(), count));
    owned.into_iter().collect()
}

/// What was recorded of the function whose metrics begin with `name`, since the start.
pub(crate) fn calls(name: &str) -> Calls {
    let whole = |metric: &str, label: &str| -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for (labels, value) in series(&format!("{name}_{metric}")) {
            if value != 0 {
                *found.entry(labels[label].clone()).or_default() += value.unsigned_abs();
            }
        }
        found
    };
    let active = series(&format!("{name}_active_requests"));
    Calls {
        ended: whole("requests_total", "outcome"),
        timed: whole("duration_seconds", "outcome"),
        errors: whole("errors_total", "error_type"),
        active: active.iter().map(|(_, value)| value).sum(),
    }
}

/// The series of a metric: labels, and value or count.
pub(crate) fn series(metric: &str) -> Vec<(BTreeMap<String, String>, i64)> {
    let mut collected = ResourceMetrics::default();
    let recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    during_collection(|| recorder.reader.collect(&mut collected)).unwrap();
    let all = collected.scope_metrics().flat_map(ScopeMetrics::metrics);
    let found = all.filter(|one| one.name() == metric);
    found
        .flat_map(|one| match one.data() {
            AggregatedMetrics::F64(data) => read(data),
            AggregatedMetrics::I64(data) => read(data),
            AggregatedMetrics::U64(data) => read(data),
        })
        .collect()
}

/// Makes the provider of this process, before the first call.
pub(crate) fn start() {
    LazyLock::force(&RECORDER);
}

struct Recorder {
    reader: Reader,
    _provider: SdkMeterProvider,
}

static RECORDER: LazyLock<Mutex<Recorder>> = LazyLock::new(|| {
    let reader = Reader(Arc::new(ManualReader::builder().build()));
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.clone())
        .build();
    let inner: Arc<dyn MeterProvider + Send + Sync> = Arc::new(provider.clone());
    runar_otel_core::install(Arc::new(Gate::new(
        Streams::new(GateOptions::default()),
        inner,
    )));
    Mutex::new(Recorder {
        reader,
        _provider: provider,
    })
});

#[derive(Clone, Debug)]
struct Reader(Arc<ManualReader>);

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
    fn shutdown_with_timeout(&self, _: std::time::Duration) -> OTelSdkResult {
        Ok(())
    }
    fn temporality(&self, _: InstrumentKind) -> Temporality {
        Temporality::Cumulative
    }
}

/// Whole numbers of all kinds.
trait Whole: Copy {
    fn whole(self) -> i64;
}

impl Whole for f64 {
    #[expect(clippy::cast_possible_truncation, reason = "the tests count to ten")]
    fn whole(self) -> i64 {
        self.round() as i64
    }
}

impl Whole for i64 {
    fn whole(self) -> i64 {
        self
    }
}

impl Whole for u64 {
    fn whole(self) -> i64 {
        i64::try_from(self).unwrap()
    }
}

fn read<T: Whole>(data: &MetricData<T>) -> Vec<(BTreeMap<String, String>, i64)> {
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| (labels(point.attributes()), point.value().whole()))
            .collect(),
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| (labels(point.attributes()), point.value().whole()))
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| (labels(point.attributes()), point.count().whole()))
            .collect(),
        MetricData::ExponentialHistogram(_) => Vec::new(),
    }
}

fn labels<'a>(labels: impl Iterator<Item = &'a KeyValue>) -> BTreeMap<String, String> {
    labels
        .map(|label| (label.key.to_string(), label.value.to_string()))
        .collect()
}
