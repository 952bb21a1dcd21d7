//! The behaviour of the store as a whole, fed by hand.

mod agreement;
mod exemplars;
mod limit;
mod observed;
mod temporality;

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use opentelemetry::KeyValue;
use proptest::prelude::*;
use runar_otel_core::{
    exemplar::Exemplar,
    gate::stream::{InstrumentKind, Shape, overflow_attributes},
};

use super::*;
use crate::{
    snapshot::{
        Data, ExponentialBuckets, ExponentialHistogram, Histogram, Number, Point, Temporality,
    },
    store::{
        CollectedData, CollectedMetric, CollectedPoint, CollectedScope, StreamExemplars,
        StreamFacts,
    },
};

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

fn set(value: &str) -> Attributes {
    Arc::from([KeyValue::new("k", value.to_owned())])
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tests").build()
}

fn points<V>(values: Vec<(&str, V)>) -> Vec<CollectedPoint<V>> {
    let point = |(key, value)| CollectedPoint {
        attributes: set(key),
        value,
        exemplars: Vec::new(),
    };
    values.into_iter().map(point).collect()
}

fn numbers(values: &[(&str, u64)]) -> Vec<CollectedPoint<Number>> {
    points(
        values
            .iter()
            .map(|(key, n)| (*key, Number::U64(*n)))
            .collect(),
    )
}

fn explicit(values: &[f64]) -> Histogram {
    let bounds = [1.0, 5.0];
    let mut counts = vec![0; 3];
    for value in values {
        counts[bounds.partition_point(|bound| bound < value)] += 1;
    }
    Histogram {
        count: values.len() as u64,
        sum: Some(values.iter().sum()),
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
        bounds: Arc::from(bounds),
        counts,
    }
}

/// The window from one second to another of the stream `m` of a kind.
fn metric(kind: InstrumentKind, window: (u64, u64), data: CollectedData) -> CollectedMetric {
    CollectedMetric {
        name: "m".into(),
        description: "".into(),
        unit: "".into(),
        facts: StreamFacts::new(kind),
        start: at(window.0),
        time: at(window.1),
        data,
    }
}

fn batch(second: u64, metrics: Vec<CollectedMetric>) -> Collected {
    let mut collected = Collected::new(at(second));
    if !metrics.is_empty() {
        collected.scopes.push(CollectedScope {
            scope: scope(),
            metrics,
        });
    }
    collected
}

/// As the SDK reports this kind.
fn temporality(kind: InstrumentKind) -> Temporality {
    if kind.is_observable() {
        Temporality::Cumulative
    } else {
        Temporality::Delta
    }
}

fn counted(kind: InstrumentKind, window: (u64, u64), values: &[(&str, u64)]) -> Collected {
    let data = CollectedData::Sum {
        points: numbers(values),
        temporality: temporality(kind),
        monotonic: true,
    };
    batch(window.1, vec![metric(kind, window, data)])
}

fn limited(mut collected: Collected, limit: usize) -> Collected {
    for scope in &mut collected.scopes {
        for metric in &mut scope.metrics {
            metric.facts.limit = limit;
        }
    }
    collected
}

fn measured(window: (u64, u64), values: &[(&str, &[f64])]) -> Collected {
    let points = points(values.iter().map(|(key, v)| (*key, explicit(v))).collect());
    let data = CollectedData::Histogram {
        points,
        temporality: Temporality::Delta,
    };
    batch(
        window.1,
        vec![metric(InstrumentKind::Histogram, window, data)],
    )
}

/// Adds what the reservoirs of `m` held: label set, value, second.
fn with_exemplars(mut collected: Collected, shape: Shape, held: &[(&str, f64, u64)]) -> Collected {
    let series = held
        .iter()
        .map(|(key, value, second)| (set(key), vec![Exemplar::new(*value, at(*second))]));
    collected.exemplars.push(StreamExemplars {
        scope: scope(),
        stream: StreamId::new("M", Cow::Borrowed(""), shape),
        series: series.collect(),
    });
    collected
}

fn data(store: &mut Store, consumer: ConsumerId) -> Option<Data> {
    let mut scopes = store.snapshot(consumer);
    assert!(scopes.len() <= 1);
    let mut metrics = scopes.pop()?.metrics;
    assert_eq!(metrics.len(), 1);
    metrics.pop().map(|metric| metric.data)
}

fn sums(store: &mut Store, consumer: ConsumerId) -> Vec<Point<Number>> {
    let mut points = match data(store, consumer) {
        Some(Data::Sum { points, .. } | Data::Gauge(points)) => points,
        None => Vec::new(),
        other => panic!("not numbers: {other:?}"),
    };
    points.sort_by_key(|point| format!("{:?}", point.attributes));
    points
}

fn histograms(store: &mut Store, consumer: ConsumerId) -> Vec<Point<Histogram>> {
    match data(store, consumer) {
        Some(Data::Histogram { points, .. }) => points,
        None => Vec::new(),
        other => panic!("not histograms: {other:?}"),
    }
}

fn values(store: &mut Store, consumer: ConsumerId) -> Vec<(String, f64)> {
    sums(store, consumer)
        .iter()
        .map(|point| (point.attributes[0].value.to_string(), point.value.as_f64()))
        .collect()
}

fn named(values: &[(&str, f64)]) -> Vec<(String, f64)> {
    values
        .iter()
        .map(|(key, n)| ((*key).to_owned(), *n))
        .collect()
}
