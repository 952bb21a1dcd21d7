//! The store itself.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use opentelemetry::InstrumentationScope;
use runar_otel_core::{
    gate::Streams,
    labels::LabelSet,
    metric::{InstrumentKind, Shape},
    series::{Consumer, Reading, Stream},
};

use super::consumer::{ConsumerId, TemporalityPreference};
use crate::snapshot::{Data, Metric, Point, ScopeMetrics, Temporality};

/// Serves each consumer in its own temporality: totals, or whatever it has not acknowledged yet.
///
/// Nothing is lost by a failed export: a consumer that does not [`acknowledge`](Self::acknowledge) gets the same again,
/// with what came after.
///
/// # Examples
///
/// ```
/// use opentelemetry::metrics::MeterProvider;
/// use runar_otel_core::gate::{Gate, GateOptions, Streams};
/// use runar_otel_pipeline::store::{Store, TemporalityPreference};
///
/// let streams = Streams::new(GateOptions::default());
/// let store = Store::new(streams.clone());
/// let consumer = store.register(TemporalityPreference::Delta);
///
/// let orders = Gate::new(streams).meter("shop").u64_counter("orders").build();
/// orders.add(1, &[]);
/// assert_eq!(store.snapshot(consumer).len(), 1);
/// store.acknowledge(consumer);
/// assert!(store.snapshot(consumer).is_empty());
/// ```
#[derive(Debug)]
pub struct Store {
    streams: Arc<Streams>,
    consumers: Mutex<Vec<TemporalityPreference>>,
}

impl Store {
    /// Makes the store of these streams, without consumers.
    #[must_use]
    pub fn new(streams: Arc<Streams>) -> Self {
        Self {
            streams,
            consumers: Mutex::default(),
        }
    }

    /// The streams.
    #[must_use]
    pub fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    /// Adds a consumer.
    ///
    /// Its first deltas are the totals so far.
    pub fn register(&self, preference: TemporalityPreference) -> ConsumerId {
        let id = {
            let mut consumers = self.consumers();
            consumers.push(preference);
            ConsumerId(consumers.len() - 1)
        };
        for kind in InstrumentKind::ALL {
            self.streams.expect_deltas(kind, self.deltas(kind));
        }
        id
    }

    /// How many consumers want deltas of instruments of this kind.
    #[must_use]
    pub fn deltas(&self, kind: InstrumentKind) -> usize {
        let consumers = self.consumers();
        consumers
            .iter()
            .filter(|one| wants_deltas(one, kind))
            .count()
    }

    /// Everything that a consumer gets to see: totals, or the deltas that it has not acknowledged.
    ///
    /// Scopes and metrics are sorted by name.
    pub fn snapshot(&self, consumer: ConsumerId) -> Vec<ScopeMetrics> {
        let time = SystemTime::now();
        let mut scopes: Vec<ScopeMetrics> = Vec::new();
        for stream in self.streams.all() {
            let Some(metric) = metric(&stream, self.consumer(consumer, &stream), time) else {
                continue;
            };
            let scope = &stream.plan().scope;
            match scopes.iter_mut().find(|known| known.scope == *scope) {
                Some(known) => known.metrics.push(metric),
                None => scopes.push(ScopeMetrics {
                    scope: scope.clone(),
                    metrics: vec![metric],
                }),
            }
        }
        for scope in &mut scopes {
            scope
                .metrics
                .sort_by(|one, next| (&one.name, &one.unit).cmp(&(&next.name, &next.unit)));
        }
        scopes.sort_by(|one, next| order(&one.scope).cmp(&order(&next.scope)));
        scopes
    }

    /// Tells that the consumer has delivered its last snapshot.
    ///
    /// Without effect for consumers of totals. One consumer delivers one snapshot at a time.
    pub fn acknowledge(&self, consumer: ConsumerId) {
        for stream in self.streams.all() {
            if let Some(slot) = self.consumer(consumer, &stream).slot {
                stream.acknowledge(slot);
            }
        }
    }

    /// A consumer as a stream sees it. A last value has no temporality: every consumer gets it each time.
    fn consumer(&self, ConsumerId(at): ConsumerId, stream: &Stream) -> Consumer {
        let plan = stream.plan();
        if plan.shape() == Some(Shape::Gauge) {
            return Consumer::default();
        }
        let consumers = self.consumers();
        let deltas = |some: &[TemporalityPreference]| {
            let wanting = some.iter().filter(|one| wants_deltas(one, plan.kind));
            wanting.count()
        };
        let own = consumers.get(at);
        Consumer {
            deltas: deltas(&consumers),
            slot: own
                .filter(|own| wants_deltas(own, plan.kind))
                .map(|_| deltas(consumers.get(..at).unwrap_or_default())),
        }
    }

    fn consumers(&self) -> MutexGuard<'_, Vec<TemporalityPreference>> {
        self.consumers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn wants_deltas(preference: &TemporalityPreference, kind: InstrumentKind) -> bool {
    preference.temporality(kind) == Temporality::Delta
}

/// The metric of a stream as a consumer gets it, `None` without points.
fn metric(stream: &Stream, consumer: Consumer, time: SystemTime) -> Option<Metric> {
    let temporality = match consumer.slot {
        Some(_) => Temporality::Delta,
        None => Temporality::Cumulative,
    };
    let data = match stream.plan().shape()? {
        Shape::Gauge => {
            let mut points = points(stream, |each| stream.numbers(consumer, time, each))?;
            for point in &mut points {
                point.start = None;
            }
            Data::Gauge(points)
        }
        shape @ (Shape::MonotonicSum | Shape::NonMonotonicSum) => Data::Sum {
            points: points(stream, |each| stream.numbers(consumer, time, each))?,
            temporality,
            monotonic: shape == Shape::MonotonicSum,
        },
        Shape::Histogram => Data::Histogram {
            points: points(stream, |each| stream.histograms(consumer, time, each))?,
            temporality,
        },
        Shape::ExponentialHistogram => Data::ExponentialHistogram {
            points: points(stream, |each| stream.exponentials(consumer, time, each))?,
            temporality,
        },
        _ => return None,
    };
    let plan = stream.plan();
    Some(Metric {
        name: plan.name.clone(),
        description: stream.description(),
        unit: plan.unit.clone(),
        data,
    })
}

fn points<V>(
    stream: &Stream,
    walk: impl FnOnce(&mut dyn FnMut(&LabelSet, Reading<V>)),
) -> Option<Vec<Point<V>>> {
    let mut points = Vec::with_capacity(stream.len());
    walk(&mut |labels: &LabelSet, reading: Reading<V>| {
        points.push(Point {
            labels: labels.clone(),
            start: Some(reading.start),
            time: reading.time,
            value: reading.value,
            exemplars: reading.exemplars,
        });
    });
    (!points.is_empty()).then_some(points)
}

fn order(scope: &InstrumentationScope) -> (&str, Option<&str>, Option<&str>) {
    (scope.name(), scope.version(), scope.schema_url())
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
