//! The metrics part of the wiring: gate, collector, pushes, endpoint.

use std::{borrow::Cow, sync::Arc, time::Instant};

use opentelemetry::{global, metrics::NoopMeterProvider};
use runar_otel_core::{
    finish,
    gate::{Gate, GateOptions, Streams, View},
    install,
    metric::Aggregation,
    series::{DEFAULT_CEILING, set_ceiling},
    uninstall,
};
#[cfg(feature = "prometheus-registry")]
use runar_otel_pipeline::bridge::{PrometheusCollector, RegistryProducer};
#[cfg(feature = "prometheus-endpoint")]
use runar_otel_pipeline::encode::exposition::Options as PageOptions;
use runar_otel_pipeline::{
    background::Background,
    collect::{Collector, Producer},
    observe::Observer,
    schedule::{Console, FlushError, Push, PushOptions, Sink},
    snapshot::Resource,
};

#[cfg(feature = "prometheus-endpoint")]
use crate::endpoints::{Address, Endpoints, Owner};
use crate::{
    attached::Attached,
    builder::Parts,
    config::{Config, HistogramAggregation, MetricsExporterKind},
    error::InitError,
    resource::Identity,
    spills::Spills,
};

/// The running parts of metrics: collector, pushes, pull endpoints and attached readers.
#[derive(Debug)]
pub(crate) struct MetricsPipeline {
    #[cfg(feature = "prometheus-registry")]
    collector: Arc<Collector>,
    streams: Arc<Streams>,
    observer: Observer,
    pushes: Vec<Push>,
    #[cfg(feature = "prometheus-endpoint")]
    endpoints: Arc<Endpoints>,
    /// Readers that the application attached.
    attached: Attached,
}

pub(crate) fn start(
    config: &Config,
    identity: &Identity,
    mut parts: Parts,
    spills: &Spills,
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
    #[cfg(feature = "prometheus-endpoint")]
    let page = page(&parts);
    let options = push_options(config, &parts);
    let gate = Gate::new(streams.clone());
    let observer = match config.sdk_metrics {
        true => Observer::new(&gate),
        false => Observer::default(),
    };
    let collector = Collector::new(streams.clone(), Arc::new(resource), producers(parts));
    let collector = Arc::new(collector.observed_by(observer.clone()));
    attached.collect_with(&collector);

    global::set_meter_provider(gate.clone());
    install(Arc::new(gate));

    let push = |sink| {
        let spill = match sink {
            Sink::Console(_) => None,
            _ => spills.metrics.clone(),
        };
        Push::spawn_with(background.handle(), collector.clone(), sink, options, spill)
    };
    let pushes = sinks.into_iter().map(push).collect();
    Ok(MetricsPipeline {
        streams,
        observer,
        pushes,
        #[cfg(feature = "prometheus-endpoint")]
        endpoints: endpoints(config, page, &collector, background),
        #[cfg(feature = "prometheus-registry")]
        collector,
        attached,
    })
}

impl MetricsPipeline {
    /// Returns the observer, which records nothing unless metrics of telemetry itself are on.
    pub(crate) fn observer(&self) -> &Observer {
        &self.observer
    }

    /// The address of the pull endpoint, once it is bound.
    #[cfg(feature = "prometheus-endpoint")]
    pub(crate) fn prometheus_address(&self) -> Option<std::net::SocketAddr> {
        self.endpoints.address()
    }

    /// Returns a collector for a registry of the `prometheus` crate. The collector is empty once telemetry has ended.
    #[cfg(feature = "prometheus-registry")]
    pub(crate) fn prometheus_collector(&self) -> PrometheusCollector {
        use runar_otel_pipeline::snapshot::Snapshot;

        use crate::config::TemporalityPreference;

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

    /// Tells the pushes that the process ends: a receiver to which there is no connection is given up at once.
    pub(crate) fn hurry(&self) {
        for push in &self.pushes {
            push.hurry();
        }
    }

    /// The number of series of all metrics.
    pub(crate) fn series(&self) -> usize {
        self.streams.all().iter().map(|stream| stream.len()).sum()
    }

    /// Collects and delivers until the deadline; returns the failures, empty if all was delivered.
    pub(crate) fn flush(&self, deadline: Instant) -> Vec<FlushError> {
        let attached = self.attached.begin_flush();
        let left = deadline.saturating_duration_since(Instant::now());
        // All begin before one is waited for: each has the whole time.
        let pending: Vec<_> = self
            .pushes
            .iter()
            .map(|push| push.begin_flush(left))
            .collect();
        let mut failed: Vec<FlushError> = pending
            .into_iter()
            .filter_map(|flush| flush.wait().err())
            .collect();
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
        #[cfg(feature = "prometheus-endpoint")]
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
    if config.sdk_metrics {
        // With an experimental feature of its own the SDK counts the same spans: ours stand alone.
        let counted = View::select("otel.sdk.processor.span.processed").of_meter("otel.sdk");
        options.views.push(counted.aggregation(Aggregation::Drop));
    }
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
            #[cfg(feature = "otlp")]
            MetricsExporterKind::Otlp => sinks.push(otlp_sink(config)?),
            MetricsExporterKind::Console => sinks.push(Sink::Console(Console::new())),
            // The endpoint is no sink; a destination without its Cargo feature has been left out before.
            _ => {}
        }
    }
    Ok(sinks)
}

#[cfg(feature = "otlp")]
fn otlp_sink(config: &Config) -> Result<Sink, InitError> {
    use runar_otel_pipeline::export::{OtlpExporter, OtlpOptions};

    let push = &config.otlp_metrics;
    let mut options = OtlpOptions::new(push.protocol, push.endpoint.expose());
    options.headers.clone_from(&push.headers);
    options.timeout = push.timeout;
    options.total_timeout = config.metric_timeout;
    options.compression = push.compression;
    let exporter = OtlpExporter::new(&options).map_err(InitError::Metrics)?;
    Ok(Sink::Otlp(exporter))
}

/// Returns the sources of metrics outside of the gate: bridged registries.
#[cfg(feature = "prometheus-registry")]
fn producers(parts: Parts) -> Vec<Arc<dyn Producer>> {
    let producer = |(at, registry)| -> Arc<dyn Producer> {
        let name = format!("bridged Prometheus registry {at}");
        Arc::new(RegistryProducer::new(registry, name))
    };
    (1..).zip(parts.registries).map(producer).collect()
}

#[cfg(not(feature = "prometheus-registry"))]
fn producers(_: Parts) -> Vec<Arc<dyn Producer>> {
    Vec::new()
}

fn push_options(config: &Config, parts: &Parts) -> PushOptions {
    let mut options = PushOptions::default();
    options.interval = config.metric_interval;
    options.timeout = config.metric_timeout;
    options.temporality = config.temporality;
    if let Some(points) = parts.max_export_batch_size {
        options.max_points = points;
    }
    if let Some(bytes) = parts.max_request_bytes {
        options.max_bytes = bytes;
    }
    options
}

/// Returns the choice of contents of a page.
#[cfg(feature = "prometheus-endpoint")]
fn page(parts: &Parts) -> PageOptions {
    let mut options = PageOptions::default();
    options.start_times = parts.created_timestamps;
    options
}

#[cfg(feature = "prometheus-endpoint")]
fn endpoints(
    config: &Config,
    page: PageOptions,
    collector: &Arc<Collector>,
    background: &Background,
) -> Arc<Endpoints> {
    let address = Address {
        host: config.prometheus.host.clone(),
        port: config.prometheus.port,
    };
    let endpoints = Endpoints::new(
        collector.clone(),
        background.handle().clone(),
        address,
        page,
    );
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
