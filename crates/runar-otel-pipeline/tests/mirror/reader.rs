//! The attached reader, and one form for what it gets and what our own consumer gets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use opentelemetry::KeyValue;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, Temporality,
        data::{AggregatedMetrics, ExponentialBucket, MetricData, ResourceMetrics, ScopeMetrics},
        reader::MetricReader,
    },
};
use runar_otel_core::labels::LabelSet;
use runar_otel_pipeline::snapshot::{self, Data, Point, Snapshot};

/// Points by metric and labels.
pub(crate) type Points = BTreeMap<(String, String), Value>;

/// The value of a point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Histogram {
        count: u64,
        sum: f64,
        min: f64,
        max: f64,
        bounds: Vec<f64>,
        counts: Vec<u64>,
    },
    Exponential {
        count: u64,
        sum: f64,
        min: f64,
        max: f64,
        scale: i32,
        zero: u64,
        positive: BTreeMap<i32, u64>,
        negative: BTreeMap<i32, u64>,
    },
}

impl Value {
    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Number(value) => *value,
            other => panic!("{other:?}"),
        }
    }
}

/// A reader that the test has as well.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    reader: Arc<ManualReader>,
    stall: Arc<Mutex<Option<Stall>>>,
}

/// What the reader does when the SDK asks it something.
struct Stall(Box<dyn FnOnce() + Send>);

impl Shared {
    pub(crate) fn new(temporality: Temporality) -> Self {
        let reader = ManualReader::builder().with_temporality(temporality);
        Self {
            reader: Arc::new(reader.build()),
            stall: Arc::default(),
        }
    }

    /// Stalls the next instrument that the SDK makes.
    pub(crate) fn stall(&self, stall: impl FnOnce() + Send + 'static) {
        *self.stall.lock().unwrap() = Some(Stall(Box::new(stall)));
    }

    pub(crate) fn points(&self) -> Points {
        let mut metrics = ResourceMetrics::default();
        self.reader.collect(&mut metrics).unwrap();
        let mut points = Points::new();
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            match metric.data() {
                AggregatedMetrics::F64(data) => add(&mut points, metric.name(), data),
                AggregatedMetrics::U64(data) => add(&mut points, metric.name(), data),
                AggregatedMetrics::I64(data) => add(&mut points, metric.name(), data),
            }
        }
        points
    }
}

impl std::fmt::Debug for Stall {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Stall")
    }
}

impl MetricReader for Shared {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.reader.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.reader.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.reader.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.reader.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        let stall = self
            .stall
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Stall(stall)) = stall {
            stall();
        }
        self.reader.temporality(kind)
    }
}

/// A number of the SDK.
trait SdkNumber: Copy {
    fn double(self) -> f64;
}

impl SdkNumber for f64 {
    fn double(self) -> f64 {
        self
    }
}

impl SdkNumber for u64 {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn double(self) -> f64 {
        self as f64
    }
}

impl SdkNumber for i64 {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn double(self) -> f64 {
        self as f64
    }
}

fn add<N: SdkNumber>(points: &mut Points, name: &str, data: &MetricData<N>) {
    let mut add = |labels: Vec<KeyValue>, value| {
        let key = (name.to_owned(), format!("{:?}", LabelSet::of(&labels)));
        assert_eq!(points.insert(key, value), None, "two points of one set");
    };
    match data {
        MetricData::Gauge(gauge) => gauge.data_points().for_each(|point| {
            let labels = point.attributes().cloned().collect();
            add(labels, Value::Number(point.value().double()));
        }),
        MetricData::Sum(sum) => sum.data_points().for_each(|point| {
            let labels = point.attributes().cloned().collect();
            add(labels, Value::Number(point.value().double()));
        }),
        MetricData::Histogram(histogram) => histogram.data_points().for_each(|point| {
            let value = Value::Histogram {
                count: point.count(),
                sum: point.sum().double(),
                min: point.min().unwrap().double(),
                max: point.max().unwrap().double(),
                bounds: point.bounds().collect(),
                counts: point.bucket_counts().collect(),
            };
            add(point.attributes().cloned().collect(), value);
        }),
        MetricData::ExponentialHistogram(histogram) => {
            histogram.data_points().for_each(|point| {
                let value = Value::Exponential {
                    count: point.count() as u64,
                    sum: point.sum().double(),
                    min: point.min().unwrap().double(),
                    max: point.max().unwrap().double(),
                    scale: point.scale().into(),
                    zero: point.zero_count(),
                    positive: sdk_buckets(point.positive_bucket()),
                    negative: sdk_buckets(point.negative_bucket()),
                };
                add(point.attributes().cloned().collect(), value);
            });
        }
    }
}

fn sdk_buckets(buckets: &ExponentialBucket) -> BTreeMap<i32, u64> {
    by_index(buckets.offset(), buckets.counts())
}

fn by_index(offset: i32, counts: impl Iterator<Item = u64>) -> BTreeMap<i32, u64> {
    let indexed = (offset..).zip(counts);
    indexed.filter(|(_, count)| *count > 0).collect()
}

/// What the gate tells of its limits: both readers see it, at other times.
pub(crate) const LIMITS_REACHED: &str = "runar_otel_limits_reached";

/// What our own consumer got.
pub(crate) fn own(snapshot: &Snapshot) -> Points {
    let mut points = Points::new();
    let metrics = snapshot.scopes.iter().flat_map(|scope| &scope.metrics);
    for metric in metrics.filter(|metric| metric.name != LIMITS_REACHED) {
        match &metric.data {
            Data::Gauge(all) | Data::Sum { points: all, .. } => {
                put(&mut points, metric, all, |value| {
                    Value::Number(value.as_f64())
                });
            }
            Data::Histogram { points: all, .. } => put(&mut points, metric, all, |value| {
                Value::Histogram {
                    count: value.count,
                    // The SDK writes 0 where a sum has no meaning.
                    sum: value.sum.unwrap_or_default(),
                    min: value.min.unwrap(),
                    max: value.max.unwrap(),
                    bounds: value.bounds.to_vec(),
                    counts: value.counts.clone(),
                }
            }),
            Data::ExponentialHistogram { points: all, .. } => {
                put(&mut points, metric, all, exponential);
            }
            Data::Summary(_) => panic!("a summary"),
        }
    }
    points
}

fn exponential(value: &snapshot::ExponentialHistogram) -> Value {
    let buckets = |buckets: &snapshot::ExponentialBuckets| {
        by_index(buckets.offset, buckets.counts.iter().copied())
    };
    Value::Exponential {
        count: value.count,
        // The SDK writes 0 where a sum has no meaning.
        sum: value.sum.unwrap_or_default(),
        min: value.min.unwrap(),
        max: value.max.unwrap(),
        scale: value.scale,
        zero: value.zero_count,
        positive: buckets(&value.positive),
        negative: buckets(&value.negative),
    }
}

fn put<V>(
    points: &mut Points,
    metric: &snapshot::Metric,
    all: &[Point<V>],
    value: impl Fn(&V) -> Value,
) {
    for point in all {
        let key = (metric.name.to_string(), format!("{:?}", point.labels));
        let before = points.insert(key, value(&point.value));
        assert_eq!(before, None, "two points of one set");
    }
}
