//! The collector of the pipeline: one run of the callbacks serves all concurrent callers.

use std::{fmt, sync::Arc, time::SystemTime};

use runar_otel_core::{
    caught,
    gate::{Streams, in_callback},
    report,
};

use super::{coalesce::Coalesce, producer::Producer};
use crate::{
    observe::Observer,
    snapshot::{Resource, ScopeMetrics, Snapshot},
    store::{ConsumerId, Store, TemporalityPreference},
};

/// Runs the callbacks, and hands out snapshots of the [`Store`].
///
/// Callers that ask at the same time share a run of the callbacks. Collecting never fails: a callback that panics or
/// does not return is left out, and so is a producer that panics. Both are reported once, by name.
pub struct Collector {
    store: Store,
    resource: Arc<Resource>,
    producers: Vec<Arc<dyn Producer>>,
    observer: Observer,
    coalesce: Coalesce,
}

impl Collector {
    /// Makes the collector of these streams.
    #[must_use]
    pub fn new(
        streams: Arc<Streams>,
        resource: Arc<Resource>,
        producers: Vec<Arc<dyn Producer>>,
    ) -> Self {
        Self {
            store: Store::new(streams),
            resource,
            producers,
            observer: Observer::default(),
            coalesce: Coalesce::default(),
        }
    }

    /// Sets the observer of the collector and of its pushes and pages.
    #[must_use]
    pub fn observed_by(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Returns the observer, which records nothing by default.
    #[must_use]
    pub fn observer(&self) -> &Observer {
        &self.observer
    }

    /// Adds a consumer; see [`Store::register`].
    pub fn register(&self, preference: TemporalityPreference) -> ConsumerId {
        self.store.register(preference)
    }

    /// Adds a consumer that acknowledges its deliveries; see [`Store::register_push`].
    pub fn register_push(&self, preference: TemporalityPreference) -> ConsumerId {
        self.store.register_push(preference)
    }

    /// Runs the callbacks of observable instruments.
    ///
    /// Waits for a run that another caller has started. Called from a callback, it does nothing.
    pub fn collect(&self) {
        if in_callback() {
            return;
        }
        self.coalesce.run(|| {
            let streams = self.store.streams();
            streams.observe(|kind| self.store.deltas(kind));
        });
    }

    /// Collects, and returns the snapshot of a consumer: totals, or the deltas that it has not acknowledged, with the
    /// metrics of all producers.
    pub fn snapshot(&self, consumer: ConsumerId) -> Snapshot {
        let mut snapshot = self.recorded(consumer);
        let now = SystemTime::now();
        for producer in &self.producers {
            snapshot.scopes.extend(self.produce(&**producer, now));
        }
        snapshot
    }

    /// Like [`snapshot`](Self::snapshot), without the metrics of producers.
    pub fn recorded(&self, consumer: ConsumerId) -> Snapshot {
        self.collect();
        Snapshot {
            scopes: self.store.snapshot(consumer),
            resource: Arc::clone(&self.resource),
        }
    }

    /// Marks the last snapshot of a consumer as delivered; see [`Store::acknowledge`].
    pub fn acknowledge(&self, consumer: ConsumerId) {
        self.store.acknowledge(consumer);
    }

    fn produce(&self, producer: &dyn Producer, now: SystemTime) -> Vec<ScopeMetrics> {
        let produced = caught(|| producer.produce(now));
        produced.unwrap_or_else(|| {
            let name = caught(|| producer.name().into_owned()).unwrap_or_default();
            report::once(("producer", &name), || {
                format!("{name} panicked: its metrics are missing wherever metrics go")
            });
            Vec::new()
        })
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("store", &self.store)
            .field("resource", &self.resource)
            .field("producers", &self.producers.len())
            .finish_non_exhaustive()
    }
}
