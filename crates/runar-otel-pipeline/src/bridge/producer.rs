//! A bridged registry as a source of metrics.

use std::{fmt, time::SystemTime};

use opentelemetry::InstrumentationScope;
use prometheus::Registry;

use super::metrics;
use crate::{collect::Producer, snapshot::ScopeMetrics};

/// The scope of bridged metrics.
const SCOPE_NAME: &str = "runar_otel.prometheus_bridge";

/// Merges the metrics of a registry of the `prometheus` crate into every snapshot.
pub struct RegistryProducer {
    registry: Registry,
    scope: InstrumentationScope,
    start: SystemTime,
}

impl RegistryProducer {
    /// Bridges a registry. Its counters have no start time: the time of this call is used.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        let scope = InstrumentationScope::builder(SCOPE_NAME)
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Self {
            registry,
            scope,
            start: SystemTime::now(),
        }
    }
}

impl Producer for RegistryProducer {
    fn produce(&self, now: SystemTime) -> Vec<ScopeMetrics> {
        let metrics = metrics(&self.registry, self.start, now);
        if metrics.is_empty() {
            return Vec::new();
        }
        vec![ScopeMetrics {
            scope: self.scope.clone(),
            metrics,
        }]
    }
}

impl fmt::Debug for RegistryProducer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RegistryProducer")
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}
