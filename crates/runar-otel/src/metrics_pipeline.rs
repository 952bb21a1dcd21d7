//! The metrics part of the wiring: gate, collector, pushes, endpoint.

use std::{
    borrow::Cow,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use opentelemetry::{global, metrics::NoopMeterProvider};
use runar_otel_core::{
    finish,
    gate::{Gate, GateOptions, Streams},
    install,
    metric::Aggregation,
    series::{DEFAULT_CEILING, set_ceiling},
    uninstall,
};
use runar_otel_pipeline::{
    background::Background,
    bridge::{PrometheusCollector, RegistryProducer},
    collect::{Collector, Producer},
    export::{OtlpExporter, OtlpOptions},
    schedule::{FlushError, Push, PushOptions, Sink},
    snapshot::{Resource, Snapshot},
};

use crate::{
    attached::Attached,
    builder::Parts,
    config::{
        Config, HistogramAggregation, MetricsExporterKind, OtlpConfig, TemporalityPreference,
    },
    endpoints::{Address, Endpoints, Owner},
    error::InitError,
    resource::Identity,
};

/// The running parts of metrics: collector, pushes, pull endpoints and attached readers.
#[derive(Debug)]
pub(crate) struct MetricsPipeline {
    collector: Arc<Collector>,
    pushes: Vec<Push>,
    endpoints: Arc<Endpoints>,
    /// Readers that the application attached.
    attached: Attached,
}

pub(crate) fn start(
    config: &Config,
    identity: &Identity,
    mut parts: Parts,
    background: &Background,
) -> Result<MetricsPipeline, InitError> {
    let sinks = sinks(config)?;
    let mut options = gate_options(config, &parts);
    let attached = Attached::new(std::mem::take(&mut parts.readers), identity);
    options.mirror = attached.mirror();
    set_ceiling(DEFAULT_CEILING);
    let streams = Streams::new(options);
    if let Some(most) = parts.series_ceiling {
        set_ceiling(most);
    }
    let resource = Resource {
        attributes: identity.attributes.clone(),
        schema_url: schema_url(),
    };
    let bridged = parts
        .registries
        .into_iter()
        .map(|registry| -> Arc<dyn Producer> { Arc::new(RegistryProducer::new(registry)) });
    let collector = Arc::new(Collector::new(
        streams.clone(),
        Arc::new(resource),
        bridged.collect(),
    ));
    attached.collect_with(&collector);

    let gate = Gate::new(streams);
    global::set_meter_provider(gate.clone());
    install(Arc::new(gate));

    let options = push_options(config);
    let push = |sink| Push::spawn(background.handle(), collector.clone(), sink, options);
    let pushes = sinks.into_iter().map(push).collect();
    let endpoints = endpoints(config, &collector, background);
    Ok(MetricsPipeline {
        collector,
        pushes,
        endpoints,
        attached,
    })
}

impl MetricsPipeline {
    /// The address of the pull endpoint, once it is bound.
    pub(crate) fn prometheus_address(&self) -> Option<SocketAddr> {
        self.endpoints.address()
    }

    /// Returns a collector for a registry of the `prometheus` crate. The collector is empty once telemetry has ended.
    pub(crate) fn prometheus_collector(&self) -> PrometheusCollector {
        let consumer = self.collector.register(TemporalityPreference::Cumulative);
        // A registry keeps its collectors for ever: a weak reference lets telemetry that has ended be freed.
        let collector = Arc::downgrade(&self.collector);
        PrometheusCollector::new(Arc::new(move || match collector.upgrade() {
            Some(collector) => collector.recorded(consumer),
            None => Snapshot {
                resource: Arc::default(),
                scopes: Vec::new(),
            },
        }))
    }

    /// Collects and delivers until the deadline; returns the failures, empty if all was delivered.
    pub(crate) fn flush(&self, deadline: Instant) -> Vec<FlushError> {
        let attached = self.attached.begin_flush();
        let left = || deadline.saturating_duration_since(Instant::now());
        let pushed = self
            .pushes
            .iter()
            .filter_map(|push| push.flush(left()).err());
        let mut failed: Vec<FlushError> = pushed.collect();
        match attached.map(|attached| attached.wait(deadline)) {
            None | Some(Some(Ok(()))) => {}
            Some(Some(Err(error))) => failed.push(FlushError::Failed(error)),
            Some(None) => failed.push(FlushError::Failed(
                "an attached reader does not answer".to_owned(),
            )),
        }
        failed
    }

    /// Detaches the handles, resets the global meter provider, and stops pushes, endpoints and attached readers.
    pub(crate) fn stop(&mut self, deadline: Instant) {
        uninstall();
        finish();
        global::set_meter_provider(NoopMeterProvider::new());
        self.pushes.clear();
        self.endpoints.stop(deadline);
        if let Some(ending) = self.attached.begin_shutdown() {
            let _ = ending.wait(deadline);
        }
    }
}

fn gate_options(config: &Config, parts: &Parts) -> GateOptions {
    let mut options = GateOptions::default();
    options.exemplar_filter = config.exemplar_filter;
    options.views.clone_from(&parts.views);
    if config.histogram_aggregation == HistogramAggregation::Base2Exponential {
        options.histogram_aggregation = Aggregation::exponential();
    }
    if let Some(limit) = parts.cardinality_limit {
        options.limit = limit;
    }
    options
}

fn sinks(config: &Config) -> Result<Vec<Sink>, InitError> {
    let mut sinks = Vec::new();
    for exporter in &config.metrics_exporters {
        match exporter {
            MetricsExporterKind::Otlp => {
                let options = otlp_options(&config.otlp_metrics, config.metric_timeout);
                sinks.push(Sink::Otlp(
                    OtlpExporter::new(&options).map_err(InitError::Metrics)?,
                ));
            }
            MetricsExporterKind::Console => sinks.push(Sink::Console),
            MetricsExporterKind::Prometheus => {}
        }
    }
    Ok(sinks)
}

fn otlp_options(config: &OtlpConfig, total: Duration) -> OtlpOptions {
    let mut options = OtlpOptions::new(config.protocol, config.endpoint.clone());
    options.headers.clone_from(&config.headers);
    options.timeout = config.timeout;
    options.total_timeout = total;
    options.compression = config.compression;
    options
}

fn push_options(config: &Config) -> PushOptions {
    let mut options = PushOptions::default();
    options.interval = config.metric_interval;
    options.timeout = config.metric_timeout;
    options.temporality = config.temporality;
    options
}

fn endpoints(
    config: &Config,
    collector: &Arc<Collector>,
    background: &Background,
) -> Arc<Endpoints> {
    let address = Address {
        host: config.prometheus.host.clone(),
        port: config.prometheus.port,
    };
    let endpoints = Endpoints::new(collector.clone(), background.handle().clone(), address);
    if config
        .metrics_exporters
        .contains(&MetricsExporterKind::Prometheus)
        && let Some(served) = endpoints.serve(endpoints.default_address(), Owner::Telemetry)
    {
        served.wait_tried();
    }
    endpoints
}

fn schema_url() -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(
        opentelemetry_semantic_conventions::SCHEMA_URL,
    ))
}
