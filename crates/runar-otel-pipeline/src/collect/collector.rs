//! The collector of the pipeline: one collection serves everyone who asks.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::metrics::{data::ResourceMetrics, reader::MetricReader};
use runar_otel_core::attributes::Attributes;

use super::{
    coalesce::Coalesce,
    convert::convert,
    gate::{Gate, Producer},
    reader::StoreReader,
};
use crate::{
    snapshot::{Resource, ScopeMetrics, Snapshot},
    store::{Collected, ConsumerId, Store, StreamId, TemporalityPreference},
};

/// Collects from the SDK into the [`Store`] and hands out snapshots of it.
///
/// Callers that ask at the same time share a collection. Collecting never fails: if the SDK refuses or
/// panics, that is reported once and the last totals are served.
pub struct Collector {
    reader: StoreReader,
    gate: Arc<dyn Gate>,
    resource: Arc<Resource>,
    producers: Vec<Arc<dyn Producer>>,
    store: Mutex<Store>,
    coalesce: Coalesce,
    sdk_failed: AtomicBool,
    producer_failed: AtomicBool,
}

impl Collector {
    /// Makes the collector for the provider that has (a clone of) this reader.
    #[must_use]
    pub fn new(
        reader: StoreReader,
        gate: Arc<dyn Gate>,
        resource: Arc<Resource>,
        producers: Vec<Arc<dyn Producer>>,
    ) -> Self {
        Self {
            reader,
            gate,
            resource,
            producers,
            store: Mutex::new(Store::new()),
            coalesce: Coalesce::default(),
            sdk_failed: AtomicBool::new(false),
            producer_failed: AtomicBool::new(false),
        }
    }

    /// Adds a consumer; see [`Store::register`].
    pub fn register(&self, preference: TemporalityPreference) -> ConsumerId {
        self.store().register(preference)
    }

    /// Brings the store up to date with everything recorded before the call.
    ///
    /// Waits for a collection that another caller has started. Called from a callback that a collection
    /// runs, it does nothing.
    pub fn collect(&self) {
        self.coalesce.run(|| {
            if let Some(collected) = self.read() {
                self.store().ingest(collected);
            }
        });
    }

    /// Collects, and tells what a consumer gets to see: totals, or what it has not acknowledged.
    pub fn snapshot(&self, consumer: ConsumerId) -> Snapshot {
        let mut snapshot = self.recorded(consumer);
        let now = SystemTime::now();
        for producer in &self.producers {
            snapshot.scopes.extend(self.produce(&**producer, now));
        }
        snapshot
    }

    /// Like [`snapshot`](Self::snapshot), without what other sources have.
    pub fn recorded(&self, consumer: ConsumerId) -> Snapshot {
        self.collect();
        Snapshot {
            scopes: self.store().snapshot(consumer),
            resource: Arc::clone(&self.resource),
        }
    }

    /// Tells that a consumer has delivered its last snapshot; see [`Store::acknowledge`].
    pub fn acknowledge(&self, consumer: ConsumerId) {
        self.store().acknowledge(consumer);
    }

    /// Ends one series; see [`Store::retire`].
    pub fn retire(&self, scope: &InstrumentationScope, stream: &StreamId, attributes: &Attributes) {
        self.store().retire(scope, stream, attributes);
    }

    /// Freezes the reservoirs, then drains and aggregates.
    fn read(&self) -> Option<Collected> {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let exemplars = self.gate.freeze();
            let began = SystemTime::now();
            let mut metrics = ResourceMetrics::default();
            let mut result = Ok(());
            self.gate
                .during_collection(&mut || result = self.reader.collect(&mut metrics));
            result.map(|()| {
                let mut collected = convert(&metrics, began, &*self.gate, &self.store());
                collected.exemplars = exemplars;
                collected
            })
        }));
        let problem = match read {
            Ok(Ok(collected)) => {
                // Relaxed: the flag guards nothing but the number of reports.
                self.sdk_failed.store(false, Ordering::Relaxed);
                return Some(collected);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked".to_owned(),
        };
        if !self.sdk_failed.swap(true, Ordering::Relaxed) {
            tracing::error!(
                target: "runar_otel",
                problem,
                "the SDK's metrics could not be collected, the last totals are served"
            );
        }
        None
    }

    fn produce(&self, producer: &dyn Producer, now: SystemTime) -> Vec<ScopeMetrics> {
        let produced = catch_unwind(AssertUnwindSafe(|| producer.produce(now)));
        produced.unwrap_or_else(|_| {
            if !self.producer_failed.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    target: "runar_otel",
                    "a source of external metrics panicked, its metrics are missing"
                );
            }
            Vec::new()
        })
    }

    /// The store; what a panic left behind is still the best there is.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("reader", &self.reader)
            .field("resource", &self.resource)
            .field("producers", &self.producers.len())
            .finish_non_exhaustive()
    }
}
