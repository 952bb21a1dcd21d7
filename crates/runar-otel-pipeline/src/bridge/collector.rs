//! A collector that puts our metrics into an application's own registry.

use std::{collections::HashMap, fmt, sync::Arc};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::{crossing::Crossing, families::families};
use crate::snapshot::Snapshot;

/// Exposes our metrics through a registry of the `prometheus` crate.
///
/// For applications that have a `/metrics` endpoint of their own. Register it once per registry; a second time is
/// refused with [`prometheus::Error::AlreadyReg`]. The registry's text encoder has no exemplars.
///
/// The collector exposes metrics that were recorded through OpenTelemetry. Registries that are bridged into us are not
/// passed on: an application that wants them in this registry as well registers their collectors there.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use prometheus::Registry;
/// use runar_otel_pipeline::{bridge::PrometheusCollector, snapshot::Snapshot};
///
/// let source = Arc::new(|| Snapshot { resource: Arc::default(), scopes: Vec::new() });
/// let registry = Registry::new();
/// registry.register(Box::new(PrometheusCollector::new(source)))?;
/// assert!(registry.gather().is_empty());
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone)]
pub struct PrometheusCollector {
    source: Arc<dyn Fn() -> Snapshot + Send + Sync>,
    descriptors: Vec<Desc>,
}

impl PrometheusCollector {
    /// Wraps a source of snapshots of cumulative values; it is asked with each scrape of the registry.
    #[must_use]
    pub fn new(source: Arc<dyn Fn() -> Snapshot + Send + Sync>) -> Self {
        // The metrics to report are not known yet, but a collector is known by its descriptors: one that stands for us
        // all. It is valid, so none is lost here.
        let descriptor = Desc::new(
            "runar_otel_collector".to_owned(),
            "All metrics of runar-otel.".to_owned(),
            Vec::new(),
            HashMap::new(),
        );
        Self {
            source,
            descriptors: descriptor.into_iter().collect(),
        }
    }
}

impl Collector for PrometheusCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptors.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Some(_crossing) = Crossing::enter() else {
            return Vec::new();
        };
        families(&(self.source)())
    }
}

impl fmt::Debug for PrometheusCollector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PrometheusCollector")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use prometheus::{Error, IntCounter, Registry};

    use super::*;
    use crate::{
        bridge::metrics,
        encode::sample::{everything, snapshot},
    };

    #[test]
    fn a_registry_takes_it_once() {
        let collector = PrometheusCollector::new(Arc::new(everything));
        let registry = Registry::new();
        registry.register(Box::new(collector.clone())).unwrap();
        let again = registry.register(Box::new(collector));
        assert!(matches!(again, Err(Error::AlreadyReg)));
    }

    #[test]
    fn a_registry_bridged_both_ways_reports_everything_once() {
        let registry = Registry::new();
        let own = IntCounter::new("own_total", "Their own.").unwrap();
        registry.register(Box::new(own.clone())).unwrap();
        own.inc();
        let bridged = registry.clone();
        let source = move || {
            let now = SystemTime::UNIX_EPOCH;
            let mut metrics = metrics(&bridged, Some(now), now);
            metrics.extend(everything().scopes.remove(1).metrics);
            snapshot(metrics)
        };
        let collector = PrometheusCollector::new(Arc::new(source.clone()));
        registry.register(Box::new(collector)).unwrap();

        let names: Vec<String> = registry
            .gather()
            .iter()
            .map(|family| family.name().to_owned())
            .collect();
        assert_eq!(names, ["orders_total", "own_total", "queue_length"]);
        let metrics = source().scopes.remove(0).metrics;
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_ref()).collect();
        assert_eq!(names, ["own_total", "orders", "queue.length"]);
    }
}
