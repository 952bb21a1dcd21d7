//! The store itself: all streams, by scope.

use std::collections::HashMap;

use opentelemetry::{InstrumentationScope, KeyValue};
use runar_otel_core::attributes::Attributes;

use super::{
    collected::Collected,
    consumer::{ConsumerId, TemporalityPreference},
    identity::StreamId,
    stream::Stream,
    table::Cursor,
};
use crate::snapshot::{ScopeMetrics, Temporality};

/// The totals of everything, and what each delta consumer has not acknowledged yet.
///
/// It is fed with one collection after the other by [`ingest`](Self::ingest) and asked by
/// [`snapshot`](Self::snapshot). Nothing is lost by a failed export: whoever does not
/// [`acknowledge`](Self::acknowledge) gets the same again, with what came after.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
///
/// use runar_otel_pipeline::store::{Collected, Store, TemporalityPreference};
///
/// let mut store = Store::new();
/// let consumer = store.register(TemporalityPreference::Delta);
/// store.ingest(Collected::new(SystemTime::now()));
/// assert!(store.snapshot(consumer).is_empty());
/// store.acknowledge(consumer);
/// ```
#[derive(Debug, Default)]
pub struct Store {
    scopes: HashMap<InstrumentationScope, HashMap<Key, Stream>>,
    consumers: Vec<TemporalityPreference>,
    collections: u64,
}

/// What is recorded and what is observed under one identity do not mix: the SDK, too, reports them apart.
type Key = (StreamId, Temporality);

impl Store {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a consumer.
    ///
    /// Its first deltas are the totals so far.
    pub fn register(&mut self, preference: TemporalityPreference) -> ConsumerId {
        let id = ConsumerId(self.consumers.len());
        self.consumers.push(preference);
        for stream in self.scopes.values_mut().flat_map(HashMap::values_mut) {
            stream.register(id, preference);
        }
        id
    }

    /// Adds up one collection.
    ///
    /// It has to be a whole one: observed series that it does not mention are gone.
    pub fn ingest(&mut self, collected: Collected) {
        self.collections += 1;
        let collection = self.collections;
        for scope in collected.scopes {
            let streams = self.scopes.entry(scope.scope).or_default();
            for metric in scope.metrics {
                streams
                    .entry((StreamId::of(&metric), metric.data.temporality()))
                    .or_insert_with(|| Stream::new(&metric, &self.consumers))
                    .add(metric, collection);
            }
        }
        for stream in self.scopes.values_mut().flat_map(HashMap::values_mut) {
            stream.close(collection, collected.time);
        }
        for exemplars in collected.exemplars {
            let stream = self.streams(&exemplars.scope, &exemplars.stream).next();
            if let Some(stream) = stream {
                stream.deliver(exemplars.series, collection);
            }
        }
    }

    /// The label sets of one stream, to look them up one after the other.
    #[must_use]
    pub fn known(
        &self,
        scope: &InstrumentationScope,
        stream: &StreamId,
        temporality: Temporality,
    ) -> Known<'_> {
        let streams = self.scopes.get(scope);
        Known {
            stream: streams.and_then(|streams| streams.get(&(stream.clone(), temporality))),
            cursor: Cursor::default(),
        }
    }

    /// Everything that a consumer gets to see: totals, or the deltas that it has not acknowledged.
    ///
    /// Scopes and metrics are sorted by name.
    pub fn snapshot(&mut self, consumer: ConsumerId) -> Vec<ScopeMetrics> {
        let mut scopes: Vec<ScopeMetrics> = Vec::with_capacity(self.scopes.len());
        for (scope, streams) in &mut self.scopes {
            let streams = streams.values_mut();
            let mut metrics: Vec<_> = streams
                .filter_map(|stream| stream.metric(consumer))
                .collect();
            if metrics.is_empty() {
                continue;
            }
            metrics.sort_by(|one, next| (&one.name, &one.unit).cmp(&(&next.name, &next.unit)));
            scopes.push(ScopeMetrics {
                scope: scope.clone(),
                metrics,
            });
        }
        scopes.sort_by(|one, next| order(&one.scope).cmp(&order(&next.scope)));
        scopes
    }

    /// Tells that the consumer has delivered its last snapshot.
    ///
    /// Without effect for consumers of totals. One consumer delivers one snapshot at a time.
    pub fn acknowledge(&mut self, consumer: ConsumerId) {
        for stream in self.scopes.values_mut().flat_map(HashMap::values_mut) {
            stream.acknowledge(consumer);
        }
    }

    /// Ends one series, for good unless something is recorded for it again.
    ///
    /// An observed one returns with its whole total in the next collection that observes it. Consumers
    /// still get the deltas that they have not acknowledged.
    pub fn retire(
        &mut self,
        scope: &InstrumentationScope,
        stream: &StreamId,
        attributes: &Attributes,
    ) {
        for stream in self.streams(scope, stream) {
            stream.retire(attributes);
        }
    }

    /// The streams of one identity, the recorded one before the observed one.
    fn streams(
        &mut self,
        scope: &InstrumentationScope,
        id: &StreamId,
    ) -> impl Iterator<Item = &mut Stream> {
        let recorded = (id.clone(), Temporality::Delta);
        let observed = (id.clone(), Temporality::Cumulative);
        let streams = self.scopes.get_mut(scope);
        let found = streams.map(|streams| streams.get_disjoint_mut([&recorded, &observed]));
        found.into_iter().flatten().flatten()
    }
}

/// The label sets of one stream.
///
/// Who reports a series that is known already need not copy its labels.
#[derive(Debug)]
pub struct Known<'a> {
    stream: Option<&'a Stream>,
    cursor: Cursor,
}

impl Known<'_> {
    /// The label set that is equal to these attributes, in canonical order. Sets are found fastest in the order of the
    /// stream.
    #[inline]
    pub fn set<'a, I: Iterator<Item = &'a KeyValue>>(
        &mut self,
        attributes: impl Fn() -> I,
    ) -> Option<Attributes> {
        self.stream?.known(&mut self.cursor, attributes).cloned()
    }
}

fn order(scope: &InstrumentationScope) -> (&str, Option<&str>, Option<&str>) {
    (scope.name(), scope.version(), scope.schema_url())
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
