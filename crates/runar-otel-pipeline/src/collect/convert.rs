//! From the SDK's read-only data to the neutral form that the store takes.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanId, TraceId},
};
use opentelemetry_sdk::metrics::{
    Temporality as SdkTemporality,
    data::{
        AggregatedMetrics, Exemplar as SdkExemplar, ExponentialBucket,
        ExponentialHistogramDataPoint, HistogramDataPoint, Metric, MetricData, ResourceMetrics,
    },
};
use runar_otel_core::{
    attributes::{Attributes, canonical},
    exemplar::{Exemplar, SpanLink},
    gate::stream::{InstrumentKind, Shape},
};

use super::gate::Plans;
use crate::{
    snapshot::{ExponentialBuckets, ExponentialHistogram, Histogram, Number, Temporality},
    store::{
        Collected, CollectedData, CollectedMetric, CollectedPoint, CollectedScope, Known, Store,
        StreamFacts, StreamId,
    },
};

/// Converts what a [`StoreReader`](super::StoreReader) collected; `time` is when the collection began.
///
/// Label sets that the store has are taken from there instead of copied. Only the SDK knows whether it observed what it reports, so its temporality says how to take the points. Label
/// sets become canonical; those that thereby become equal are added up by the store.
#[must_use]
pub fn convert(
    metrics: &ResourceMetrics,
    time: SystemTime,
    plans: &(impl Plans + ?Sized),
    store: &Store,
) -> Collected {
    let mut collected = Collected::new(time);
    for sdk in metrics.scope_metrics() {
        let scope = sdk.scope();
        let metrics = sdk.metrics().map(|metric| match metric.data() {
            AggregatedMetrics::F64(data) => convert_metric(scope, metric, data, plans, store),
            AggregatedMetrics::U64(data) => convert_metric(scope, metric, data, plans, store),
            AggregatedMetrics::I64(data) => convert_metric(scope, metric, data, plans, store),
        });
        collected.scopes.push(CollectedScope {
            scope: scope.clone(),
            metrics: metrics.collect(),
        });
    }
    collected
}

/// The types of number that the SDK records.
trait SdkNumber: Copy {
    fn number(self) -> Number;
}

impl SdkNumber for u64 {
    fn number(self) -> Number {
        Number::U64(self)
    }
}

impl SdkNumber for i64 {
    fn number(self) -> Number {
        Number::I64(self)
    }
}

impl SdkNumber for f64 {
    fn number(self) -> Number {
        Number::F64(self)
    }
}

fn convert_metric<T: SdkNumber>(
    scope: &InstrumentationScope,
    metric: &Metric,
    data: &MetricData<T>,
    plans: &(impl Plans + ?Sized),
    store: &Store,
) -> CollectedMetric {
    let (shape, temporality) = (shape(data), temporality(data));
    let facts = plans
        .facts(scope, metric.name(), metric.unit(), shape)
        .unwrap_or_else(|| StreamFacts::assumed(shape))
        .agreeing_with(temporality);
    let (start, time) = window(data);
    let id = StreamId::new(metric.name(), metric.unit().to_owned().into(), shape);
    let (name, unit) = (metric.name(), metric.unit());
    let mut sets = LabelSets {
        known: store.known(scope, &id, temporality),
        kept: plans
            .label_sets(scope, name, unit, shape)
            .into_iter()
            .collect(),
    };
    CollectedMetric {
        name: metric.name().to_owned().into(),
        description: metric.description().to_owned().into(),
        unit: metric.unit().to_owned().into(),
        facts,
        start,
        time,
        data: convert_data(data, facts.kind, temporality, &mut sets),
    }
}

fn shape<T>(data: &MetricData<T>) -> Shape {
    match data {
        MetricData::Gauge(_) => Shape::Gauge,
        MetricData::Sum(sum) if sum.is_monotonic() => Shape::MonotonicSum,
        MetricData::Sum(_) => Shape::NonMonotonicSum,
        MetricData::Histogram(_) => Shape::Histogram,
        MetricData::ExponentialHistogram(_) => Shape::ExponentialHistogram,
    }
}

fn temporality<T>(data: &MetricData<T>) -> Temporality {
    let temporality = match data {
        MetricData::Gauge(_) => return Temporality::Delta,
        MetricData::Sum(sum) => sum.temporality(),
        MetricData::Histogram(histogram) => histogram.temporality(),
        MetricData::ExponentialHistogram(histogram) => histogram.temporality(),
    };
    match temporality {
        SdkTemporality::Cumulative => Temporality::Cumulative,
        _ => Temporality::Delta,
    }
}

fn window<T>(data: &MetricData<T>) -> (SystemTime, SystemTime) {
    match data {
        MetricData::Gauge(gauge) => (gauge.start_time().unwrap_or(UNIX_EPOCH), gauge.time()),
        MetricData::Sum(sum) => (sum.start_time(), sum.time()),
        MetricData::Histogram(histogram) => (histogram.start_time(), histogram.time()),
        MetricData::ExponentialHistogram(histogram) => (histogram.start_time(), histogram.time()),
    }
}

fn convert_data<T: SdkNumber>(
    data: &MetricData<T>,
    kind: InstrumentKind,
    temporality: Temporality,
    sets: &mut LabelSets<'_>,
) -> CollectedData {
    match data {
        MetricData::Gauge(gauge) => CollectedData::Gauge(
            gauge
                .data_points()
                .map(|sdk| {
                    let attributes = sets.get(|| sdk.attributes());
                    point(attributes, sdk.value().number(), sdk.exemplars())
                })
                .collect(),
        ),
        MetricData::Sum(sum) => CollectedData::Sum {
            points: sum
                .data_points()
                .map(|sdk| {
                    let attributes = sets.get(|| sdk.attributes());
                    point(attributes, sdk.value().number(), sdk.exemplars())
                })
                .collect(),
            temporality,
            monotonic: sum.is_monotonic(),
        },
        MetricData::Histogram(histogram) => {
            let mut bounds = Arc::from([]);
            CollectedData::Histogram {
                points: histogram
                    .data_points()
                    .filter(|sdk| sdk.count() > 0)
                    .map(|sdk| {
                        let value = explicit(sdk, kind, &mut bounds);
                        point(sets.get(|| sdk.attributes()), value, sdk.exemplars())
                    })
                    .collect(),
                temporality,
            }
        }
        MetricData::ExponentialHistogram(histogram) => CollectedData::ExponentialHistogram {
            points: histogram
                .data_points()
                .filter(|sdk| sdk.count() > 0)
                .map(|sdk| {
                    let attributes = sets.get(|| sdk.attributes());
                    point(attributes, exponential(sdk, kind), sdk.exemplars())
                })
                .collect(),
            temporality,
        },
    }
}

/// Converts a histogram; points of equal bounds share them.
fn explicit<T: SdkNumber>(
    sdk: &HistogramDataPoint<T>,
    kind: InstrumentKind,
    bounds: &mut Arc<[f64]>,
) -> Histogram {
    if !sdk.bounds().eq(bounds.iter().copied()) {
        *bounds = sdk.bounds().collect();
    }
    Histogram {
        count: sdk.count(),
        sum: has_sum(kind).then(|| sdk.sum().number().as_f64()),
        min: sdk.min().map(|min| min.number().as_f64()),
        max: sdk.max().map(|max| max.number().as_f64()),
        bounds: Arc::clone(bounds),
        counts: sdk.bucket_counts().collect(),
    }
}

fn exponential<T: SdkNumber>(
    sdk: &ExponentialHistogramDataPoint<T>,
    kind: InstrumentKind,
) -> ExponentialHistogram {
    let buckets = |sdk: &ExponentialBucket| ExponentialBuckets {
        offset: sdk.offset(),
        counts: sdk.counts().collect(),
    };
    ExponentialHistogram {
        count: u64::try_from(sdk.count()).unwrap_or(u64::MAX),
        sum: has_sum(kind).then(|| sdk.sum().number().as_f64()),
        min: sdk.min().map(|min| min.number().as_f64()),
        max: sdk.max().map(|max| max.number().as_f64()),
        scale: i32::from(sdk.scale()),
        zero_count: sdk.zero_count(),
        zero_threshold: sdk.zero_threshold(),
        positive: buckets(sdk.positive_bucket()),
        negative: buckets(sdk.negative_bucket()),
    }
}

/// Tells whether a histogram's sum means something: not for values that may be negative.
///
/// OpenTelemetry specification, metrics SDK: *Histogram Aggregations*. The SDK reports zero instead.
fn has_sum(kind: InstrumentKind) -> bool {
    matches!(
        kind,
        InstrumentKind::Counter | InstrumentKind::ObservableCounter | InstrumentKind::Histogram
    )
}

fn point<'a, V, T: SdkNumber + 'a>(
    attributes: Attributes,
    value: V,
    exemplars: impl Iterator<Item = &'a SdkExemplar<T>>,
) -> CollectedPoint<V> {
    CollectedPoint {
        attributes,
        value,
        exemplars: exemplars.map(exemplar).collect(),
    }
}

/// Where label sets come from.
struct LabelSets<'a> {
    /// Those that the store has.
    known: Known<'a>,
    /// New ones that the recording side has.
    kept: HashSet<Attributes>,
}

impl LabelSets<'_> {
    /// The label set that somebody has, else a new one.
    #[inline]
    fn get<'a, I: Iterator<Item = &'a KeyValue>>(
        &mut self,
        attributes: impl Fn() -> I,
    ) -> Attributes {
        let known = self.known.set(&attributes);
        known.unwrap_or_else(|| self.new_set(attributes().cloned().collect()))
    }

    fn new_set(&self, attributes: Vec<KeyValue>) -> Attributes {
        match self.kept.get(attributes.as_slice()) {
            Some(kept) => kept.clone(),
            None => in_order(attributes),
        }
    }
}

/// Brings a label set into canonical form, without copying it again if it already is.
fn in_order(attributes: Vec<KeyValue>) -> Attributes {
    if attributes.is_sorted_by(|one, next| one.key.as_str() < next.key.as_str()) {
        return attributes.into();
    }
    canonical(&attributes)
}

fn exemplar<T: SdkNumber>(sdk: &SdkExemplar<T>) -> Exemplar {
    let trace_id = TraceId::from_bytes(*sdk.trace_id());
    let span_id = SpanId::from_bytes(*sdk.span_id());
    let exemplar = Exemplar::new(sdk.value.number().as_f64(), sdk.time())
        .with_filtered_attributes(sdk.filtered_attributes().cloned().collect());
    if trace_id == TraceId::INVALID || span_id == SpanId::INVALID {
        return exemplar;
    }
    exemplar.with_span(SpanLink::new(trace_id, span_id))
}
