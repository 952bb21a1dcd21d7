//! The store itself.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use opentelemetry::InstrumentationScope;
use runar_otel_core::{
    gate::Streams,
    labels::LabelSet,
    metric::{InstrumentKind, Shape},
    series::{Consumer, Moment, Reading, Stream},
};

use super::consumer::ConsumerId;
use crate::{
    settings::TemporalityPreference,
    snapshot::{Data, Metric, Point, ScopeMetrics, Temporality},
};

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
    consumers: Mutex<Vec<Registered>>,
    /// When idle series were looked for.
    swept: Mutex<Option<Instant>>,
}

/// A consumer.
#[derive(Clone, Copy, Debug)]
struct Registered {
    preference: TemporalityPreference,
    /// When the last snapshot began that it has seen.
    seen: Option<Moment>,
    /// When its last snapshot began, if it has seen that only once it acknowledges.
    handed_out: Option<Moment>,
    /// True if a snapshot may be lost on its way.
    acknowledges: bool,
}

/// Without a change for so long, a series whose consumers all want deltas is idle.
pub const IDLE: Duration = Duration::from_secs(5 * 60);

/// How often idle series are looked for.
const SWEEP: Duration = Duration::from_secs(60);

impl Store {
    /// Makes the store of these streams, without consumers.
    #[must_use]
    pub fn new(streams: Arc<Streams>) -> Self {
        Self {
            streams,
            consumers: Mutex::default(),
            swept: Mutex::default(),
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
        self.register_as(preference, false)
    }

    /// Adds a consumer that acknowledges what arrived, whatever its temporality: series that end wait for that.
    pub fn register_push(&self, preference: TemporalityPreference) -> ConsumerId {
        self.register_as(preference, true)
    }

    fn register_as(&self, preference: TemporalityPreference, acknowledges: bool) -> ConsumerId {
        let id = {
            let mut consumers = self.consumers();
            consumers.push(Registered {
                preference,
                seen: None,
                handed_out: None,
                acknowledges,
            });
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
            .filter(|one| one.wants_deltas(kind))
            .count()
    }

    /// Everything that a consumer gets to see: totals, or the deltas that it has not acknowledged.
    ///
    /// Scopes and metrics are sorted by name.
    pub fn snapshot(&self, consumer: ConsumerId) -> Vec<ScopeMetrics> {
        let (began, time) = (Moment::now(), SystemTime::now());
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
        self.has_seen(consumer, began);
        scopes
    }

    /// Ends the series that were retired, now that a consumer has seen what there is; from time to time also idle ones.
    fn has_seen(&self, ConsumerId(at): ConsumerId, began: Moment) {
        let seen = {
            let mut consumers = self.consumers();
            if let Some(consumer) = consumers.get_mut(at) {
                match consumer.acknowledges {
                    true => consumer.handed_out = Some(began),
                    false => consumer.seen = Some(began),
                }
            }
            // `None` is the least: one that has seen nothing.
            consumers.iter().map(|consumer| consumer.seen).min()
        };
        for stream in self.streams.all() {
            stream.end_retired(seen.flatten());
        }
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        if is_time {
            *swept = Some(Instant::now());
        }
        drop(swept);
        if is_time {
            self.end_idle(SystemTime::now());
        }
    }

    /// Ends the series that have been [`IDLE`] at this time, of metrics whose consumers all want deltas.
    pub fn end_idle(&self, now: SystemTime) {
        let all = self.consumers().len();
        for stream in self.streams.all() {
            if all > 0 && self.deltas(stream.plan().kind) == all {
                stream.end_idle(now, IDLE);
            }
        }
    }

    /// Tells that the consumer has delivered its last snapshot.
    ///
    /// Of totals only [`register_push`](Self::register_push) waits for it. One consumer delivers one snapshot at a time.
    pub fn acknowledge(&self, consumer: ConsumerId) {
        if let Some(registered) = self.consumers().get_mut(consumer.0)
            && let Some(handed_out) = registered.handed_out.take()
        {
            registered.seen = Some(handed_out);
        }
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
        let deltas = |some: &[Registered]| {
            let wanting = some.iter().filter(|one| one.wants_deltas(plan.kind));
            wanting.count()
        };
        let own = consumers.get(at);
        Consumer {
            deltas: deltas(&consumers),
            slot: own
                .filter(|own| own.wants_deltas(plan.kind))
                .map(|_| deltas(consumers.get(..at).unwrap_or_default())),
        }
    }

    fn consumers(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.consumers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    fn wants_deltas(self, kind: InstrumentKind) -> bool {
        self.preference.temporality(kind) == Temporality::Delta
    }
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
