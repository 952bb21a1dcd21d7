//! The behaviour of the store as a whole, fed by real instruments.

mod agreement;
mod departed;
mod ending;
mod exemplars;
mod limit;
mod observed;
mod state;
mod temporality;

use std::{collections::HashMap, ops::RangeInclusive};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Counter, Histogram as Measure, Meter, MeterProvider},
};
use proptest::prelude::*;
use runar_otel_core::{
    exemplar::{Exemplar, ExemplarFilter},
    gate::{Gate, GateOptions, View},
    metric::{Aggregation, OVERFLOW_KEY},
    name::SCOPE_NAME,
};

use super::*;
use crate::snapshot::{ExponentialHistogram, Histogram, Number};

const BOUNDS: [f64; 2] = [1.0, 5.0];

/// A store, and a meter whose instruments feed it.
struct Bench {
    store: Store,
    meter: Meter,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn limited(limit: usize) -> Self {
        Self::with(|options| options.limit = limit)
    }

    fn with(change: impl FnOnce(&mut GateOptions)) -> Self {
        let mut options = GateOptions::default();
        change(&mut options);
        let streams = Streams::new(options);
        Self {
            store: Store::new(streams.clone()),
            meter: Gate::new(streams).meter("tests"),
        }
    }

    fn totals(&self) -> ConsumerId {
        self.store.register(TemporalityPreference::Cumulative)
    }

    fn deltas(&self) -> ConsumerId {
        self.store.register(TemporalityPreference::Delta)
    }

    fn counter(&self) -> Counter<u64> {
        self.meter.u64_counter("m").build()
    }

    fn histogram(&self) -> Measure<f64> {
        let histogram = self.meter.f64_histogram("m");
        histogram.with_boundaries(BOUNDS.into()).build()
    }

    /// A counter that is observed.
    fn observed(&self) -> ObservedValues<u64> {
        let source = ObservedValues::default();
        let counter = self.meter.u64_observable_counter("m");
        counter.with_callback(source.callback()).build();
        source
    }

    /// Runs the callbacks.
    fn observe(&self) {
        let streams = self.store.streams();
        streams.observe(|kind| self.store.deltas(kind));
    }

    /// Runs the callbacks, which observe these values.
    fn observe_values<N: Copy>(&self, source: &ObservedValues<N>, values: &[(&str, N)]) {
        source.set(values);
        self.observe();
    }

    /// Ends a series, wherever it is recorded.
    fn retire(&self, key: &str) {
        for stream in self.store.streams().all() {
            stream.retire(|series| *series.labels() == set(key));
        }
    }
}

/// The values that a callback observes with each collection.
#[derive(Clone)]
struct ObservedValues<N>(Arc<Mutex<Vec<(String, N)>>>);

impl<N> Default for ObservedValues<N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<N: Copy> ObservedValues<N> {
    fn set(&self, values: &[(&str, N)]) {
        let values = values.iter().map(|(key, n)| ((*key).to_owned(), *n));
        *self.0.lock().unwrap() = values.collect();
    }
}

impl<N: Copy + Send + 'static> ObservedValues<N> {
    fn callback(&self) -> impl Fn(&dyn AsyncInstrument<N>) + Send + Sync + 'static {
        let source = self.0.clone();
        move |observer| {
            for (key, value) in &*source.lock().unwrap() {
                observer.observe(*value, &labels(key));
            }
        }
    }
}

/// The label set of a key; that of the overflow series for its own key.
fn labels(key: &str) -> [KeyValue; 1] {
    [match key {
        OVERFLOW_KEY => KeyValue::new(OVERFLOW_KEY, true),
        key => KeyValue::new("k", key.to_owned()),
    }]
}

fn set(key: &str) -> LabelSet {
    LabelSet::of(&labels(key))
}

fn add(counter: &Counter<u64>, values: &[(&str, u64)]) {
    for (key, value) in values {
        counter.add(*value, &labels(key));
    }
}

fn record(histogram: &Measure<f64>, key: &str, values: &[f64]) {
    for value in values {
        histogram.record(*value, &labels(key));
    }
}

fn explicit(values: &[f64]) -> Histogram {
    let mut counts = vec![0; BOUNDS.len() + 1];
    for value in values {
        counts[BOUNDS.partition_point(|bound| bound < value)] += 1;
    }
    Histogram {
        count: values.len() as u64,
        sum: Some(values.iter().sum()),
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
        bounds: Arc::from(BOUNDS),
        counts,
    }
}

/// The result of some work, and the time that the work took.
fn during<R>(work: impl FnOnce() -> R) -> (R, Span) {
    let before = SystemTime::now();
    let result = work();
    (result, Span(before..=SystemTime::now()))
}

/// A time between two instants.
#[derive(Clone, Debug)]
struct Span(RangeInclusive<SystemTime>);

impl Span {
    #[track_caller]
    fn holds(&self, time: impl Into<Option<SystemTime>>) {
        let time = time.into().unwrap();
        assert!(self.0.contains(&time), "{time:?} is not in {self:?}");
    }
}

fn data(bench: &Bench, consumer: ConsumerId) -> Option<Data> {
    let mut scopes = bench.store.snapshot(consumer);
    // Without the metrics of the gate about its own limits.
    scopes.retain(|scope| scope.scope.name() != SCOPE_NAME);
    assert!(scopes.len() <= 1);
    let mut metrics = scopes.pop()?.metrics;
    assert_eq!(metrics.len(), 1);
    metrics.pop().map(|metric| metric.data)
}

fn sums(bench: &Bench, consumer: ConsumerId) -> Vec<Point<Number>> {
    match data(bench, consumer) {
        Some(Data::Sum { points, .. } | Data::Gauge(points)) => sorted(points),
        None => Vec::new(),
        other => panic!("not numbers: {other:?}"),
    }
}

fn histograms(bench: &Bench, consumer: ConsumerId) -> Vec<Point<Histogram>> {
    match data(bench, consumer) {
        Some(Data::Histogram { points, .. }) => sorted(points),
        None => Vec::new(),
        other => panic!("not histograms: {other:?}"),
    }
}

fn exponentials(bench: &Bench, consumer: ConsumerId) -> Vec<Point<ExponentialHistogram>> {
    match data(bench, consumer) {
        Some(Data::ExponentialHistogram { points, .. }) => sorted(points),
        None => Vec::new(),
        other => panic!("not exponential histograms: {other:?}"),
    }
}

/// Returns the points sorted by labels, the overflow series at the end. Each set is there once: two points of one set
/// would be two streams with one identity.
fn sorted<V: std::fmt::Debug>(mut points: Vec<Point<V>>) -> Vec<Point<V>> {
    points.sort_by(|one, next| one.labels.cmp(&next.labels));
    let twice = points.windows(2).find(|two| two[0].labels == two[1].labels);
    assert!(twice.is_none(), "two points of one set: {twice:#?}");
    points
}

fn values(bench: &Bench, consumer: ConsumerId) -> Vec<(String, f64)> {
    let points = sums(bench, consumer).into_iter();
    points
        .map(|point| (key(&point.labels), point.value.as_f64()))
        .collect()
}

/// The value of the only label: `true` for the overflow series.
fn key(labels: &LabelSet) -> String {
    let mut values = labels.iter().map(|(_, value)| value.to_value().to_string());
    let key = values.next().unwrap();
    assert_eq!(values.next(), None);
    key
}

fn named(values: &[(&str, f64)]) -> Vec<(String, f64)> {
    values
        .iter()
        .map(|(key, n)| ((*key).to_owned(), *n))
        .collect()
}
