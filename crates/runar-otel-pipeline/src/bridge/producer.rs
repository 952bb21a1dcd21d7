//! A bridged registry as a source of metrics.

use std::{borrow::Cow, fmt, time::SystemTime};

use opentelemetry::InstrumentationScope;
use prometheus::Registry;

use super::{metrics, process};
use crate::{
    collect::Producer,
    snapshot::{Naming, ScopeMetrics},
};

/// The scope of bridged metrics.
const SCOPE_NAME: &str = "runar_otel.prometheus_bridge";

/// Merges the metrics of a registry of the `prometheus` crate into every snapshot.
///
/// In Prometheus formats they look as that crate writes them: with their own names and labels only.
pub struct RegistryProducer {
    registry: Registry,
    name: String,
    scope: InstrumentationScope,
    start: Option<SystemTime>,
}

impl RegistryProducer {
    /// Bridges a registry, which is called by this name in reports.
    ///
    /// Its values count from the start of the process, not from this call. Where the system does not tell when that was,
    /// the start is unknown (OpenTelemetry specification, metrics data model: *Cumulative streams: handling unknown
    /// start time*).
    #[must_use]
    pub fn new(registry: Registry, name: String) -> Self {
        let scope = InstrumentationScope::builder(SCOPE_NAME)
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Self {
            registry,
            name,
            scope,
            start: process::started(),
        }
    }
}

impl Producer for RegistryProducer {
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn produce(&self, now: SystemTime) -> Vec<ScopeMetrics> {
        let metrics = metrics(&self.registry, self.start, now);
        if metrics.is_empty() {
            return Vec::new();
        }
        vec![ScopeMetrics {
            naming: Naming::Prometheus,
            scope: self.scope.clone(),
            metrics,
        }]
    }
}

impl fmt::Debug for RegistryProducer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RegistryProducer")
            .field("name", &self.name)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use prometheus::{CounterVec, IntCounter, Opts};

    use super::*;
    use crate::{
        encode::exposition::{Options, openmetrics_with, text},
        snapshot::{Data, Snapshot},
    };

    fn bridged(registry: Registry) -> Snapshot {
        let producer = RegistryProducer::new(registry, "a registry".to_owned());
        Snapshot {
            resource: Arc::default(),
            scopes: producer.produce(SystemTime::now()),
        }
    }

    #[test]
    fn a_registry_looks_as_in_its_own_text_format() {
        let labels = HashMap::from([("zone__".to_owned(), "z".to_owned())]);
        let registry = Registry::new_custom(None, Some(labels)).unwrap();
        let options = Opts::new("my__jobs", "Jobs \"done\".");
        let jobs = CounterVec::new(options, &["a__b", "_c"]).unwrap();
        jobs.with_label_values(&["x", "y"]).inc_by(2.5);
        registry.register(Box::new(jobs)).unwrap();
        let done = IntCounter::new("_done__total", "Done.").unwrap();
        done.inc_by(7);
        registry.register(Box::new(done)).unwrap();
        let level = prometheus::Gauge::new("temp__now", "Now.").unwrap();
        level.set(f64::NAN);
        registry.register(Box::new(level)).unwrap();
        let options = prometheus::HistogramOpts::new("took__s", "Took.").buckets(vec![0.5, 1.0]);
        let took = prometheus::Histogram::with_opts(options).unwrap();
        took.observe(0.75);
        registry.register(Box::new(took)).unwrap();

        let theirs = prometheus::TextEncoder::new().encode_to_string(&registry.gather());
        let ours = text(&bridged(registry.clone()));
        assert_eq!(ours.problems, []);
        assert_eq!(ours.body, theirs.unwrap());

        let open = openmetrics_with(&bridged(registry), &Options::default());
        assert_eq!(open.problems, []);
        for line in [
            "# TYPE my__jobs unknown",
            "my__jobs{_c=\"y\",a__b=\"x\",zone__=\"z\"} 2.5",
            "# TYPE _done_ counter",
            "_done__total{zone__=\"z\"} 7.0",
            "temp__now{zone__=\"z\"} NaN",
            "took__s_bucket{zone__=\"z\",le=\"0.5\"} 0",
        ] {
            assert!(
                open.body.lines().any(|other| other == line),
                "{line}\n{}",
                open.body
            );
        }
    }

    #[test]
    fn a_registry_counts_from_the_start_of_the_process() {
        let registry = Registry::new();
        let counter = IntCounter::new("jobs_total", "Jobs.").unwrap();
        counter.inc();
        registry.register(Box::new(counter)).unwrap();
        let snapshot = bridged(registry);
        let Data::Sum { points, .. } = &snapshot.scopes[0].metrics[0].data else {
            panic!("expected a sum");
        };
        assert_eq!(points[0].start.is_some(), process::started().is_some());
        let now = SystemTime::now();
        for start in [points[0].start, process::started()].into_iter().flatten() {
            let before = now.duration_since(start).unwrap();
            assert!(before > std::time::Duration::ZERO);
        }
    }
}
