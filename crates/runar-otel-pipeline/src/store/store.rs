//! The store: snapshots for consumers, and the end of series that all have seen.

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
    snapshot::{Data, Metric, Naming, Point, ScopeMetrics, Temporality},
};

/// Serves each consumer in its own temporality: totals, or the deltas that it has not acknowledged yet.
///
/// Nothing is lost by a failed export: a consumer that does not [`acknowledge`](Self::acknowledge) gets the same deltas
/// again, with those of the time after added.
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
    consumers: Mutex<Vec<ConsumerState>>,
    /// The time of the last sweep for idle series; `None` before the first.
    swept: Mutex<Option<Instant>>,
}

/// A registered consumer, and the snapshots that it has seen.
#[derive(Clone, Copy, Debug)]
struct ConsumerState {
    preference: TemporalityPreference,
    /// Begin of the last snapshot that the consumer has seen; `None` before that.
    seen: Option<Moment>,
    /// Begin of the last snapshot while it is not acknowledged; `None` for a consumer that never acknowledges.
    handed_out: Option<Moment>,
    /// True if a snapshot may be lost on its way, and counts as seen only once acknowledged.
    acknowledges: bool,
}

/// The time without a change after which a series is idle, if all its consumers want deltas.
pub const IDLE: Duration = Duration::from_secs(5 * 60);

/// The least time between two sweeps for idle series.
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

    /// Returns the streams that the store reads.
    #[must_use]
    pub fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    /// Adds a consumer.
    ///
    /// The first deltas of a consumer are the totals so far.
    pub fn register(&self, preference: TemporalityPreference) -> ConsumerId {
        self.register_as(preference, false)
    }

    /// Adds a consumer that acknowledges its deliveries, whatever its temporality: retired series wait for the
    /// acknowledgement.
    pub fn register_push(&self, preference: TemporalityPreference) -> ConsumerId {
        self.register_as(preference, true)
    }

    fn register_as(&self, preference: TemporalityPreference, acknowledges: bool) -> ConsumerId {
        let id = {
            let mut consumers = self.consumers();
            consumers.push(ConsumerState {
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

    /// Returns the number of consumers that want deltas of instruments of this kind.
    #[must_use]
    pub fn deltas(&self, kind: InstrumentKind) -> usize {
        let consumers = self.consumers();
        consumers
            .iter()
            .filter(|one| one.wants_deltas(kind))
            .count()
    }

    /// Returns the metrics of a consumer: totals, or the deltas that it has not acknowledged.
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
                    naming: Naming::OpenTelemetry,
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
        self.end_unchanged(time);
        scopes
    }

    /// Notes the snapshot of a consumer, and ends retired series that all consumers have seen; once a minute at most
    /// also idle series.
    fn has_seen(&self, ConsumerId(at): ConsumerId, began: Moment) {
        let seen = {
            let mut consumers = self.consumers();
            if let Some(consumer) = consumers.get_mut(at) {
                match consumer.acknowledges {
                    true => consumer.handed_out = Some(began),
                    false => consumer.seen = Some(began),
                }
            }
            Self::seen_by_all(&consumers)
        };
        self.end_retired(seen);
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

    /// The begin of the oldest last snapshot; `None`, the least, while a consumer has seen nothing.
    fn seen_by_all(consumers: &[ConsumerState]) -> Option<Moment> {
        consumers
            .iter()
            .map(|consumer| consumer.seen)
            .min()
            .flatten()
    }

    fn end_retired(&self, seen: Option<Moment>) {
        for stream in self.streams.all() {
            stream.end_retired(seen);
        }
    }

    /// Ends the series that have not changed since the snapshot before this one, of crowded metrics whose consumers all
    /// want deltas: new label sets need the places.
    fn end_unchanged(&self, time: SystemTime) {
        let all = self.consumers().len();
        for stream in self.streams.all() {
            if all > 0 && self.deltas(stream.plan().kind) == all && stream.is_crowded() {
                // What has changed is noted at the time of the snapshot.
                stream.end_idle(time, Duration::from_nanos(1));
            }
        }
    }

    /// Ends the series without a change for [`IDLE`] at this time, of metrics whose consumers all want deltas.
    pub fn end_idle(&self, now: SystemTime) {
        let all = self.consumers().len();
        for stream in self.streams.all() {
            if all > 0 && self.deltas(stream.plan().kind) == all {
                stream.end_idle(now, IDLE);
            }
        }
    }

    /// Marks the last snapshot of a consumer as delivered.
    ///
    /// With totals, only a consumer of [`register_push`](Self::register_push) needs this call. A consumer delivers one
    /// snapshot at a time.
    pub fn acknowledge(&self, consumer: ConsumerId) {
        let seen = {
            let mut consumers = self.consumers();
            if let Some(registered) = consumers.get_mut(consumer.0)
                && let Some(handed_out) = registered.handed_out.take()
            {
                registered.seen = Some(handed_out);
            }
            Self::seen_by_all(&consumers)
        };
        for stream in self.streams.all() {
            if let Some(slot) = self.consumer(consumer, &stream).slot {
                stream.acknowledge(slot);
            }
        }
        self.end_retired(seen);
    }

    /// Translates a consumer for a stream: its slot among the consumers that want deltas, if it wants them. A last
    /// value has no temporality: every consumer gets it each time.
    fn consumer(&self, ConsumerId(at): ConsumerId, stream: &Stream) -> Consumer {
        let plan = stream.plan();
        if plan.shape() == Some(Shape::Gauge) {
            return Consumer::default();
        }
        let consumers = self.consumers();
        let deltas = |some: &[ConsumerState]| {
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

    fn consumers(&self) -> MutexGuard<'_, Vec<ConsumerState>> {
        self.consumers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConsumerState {
    fn wants_deltas(self, kind: InstrumentKind) -> bool {
        self.preference.temporality(kind) == Temporality::Delta
    }
}

/// Returns the metric of a stream for a consumer, `None` without points.
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
