//! The resolved configuration, and its defaults.

use std::{path::PathBuf, time::Duration};

use opentelemetry::KeyValue;
use runar_otel_core::exemplar::ExemplarFilter;
use runar_otel_pipeline::settings::{Signal, TemporalityPreference};

use crate::config::{
    choice::{
        Destination, HistogramAggregation, LogLevel, MetricsExporterKind, Propagator,
        TracesExporterKind,
    },
    otlp::OtlpConfig,
    sampler::Sampler,
    spans::{SpanBatches, SpanLimits},
};

/// The resolved configuration; `Default` holds the values that apply when nothing is set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// False if `OTEL_SDK_DISABLED` is `true`: nothing is recorded or exported.
    pub(crate) enabled: bool,
    /// The name of the service; if `None`, the resource derives a name from the executable.
    pub(crate) service_name: Option<String>,
    /// The identity of the Runar node; if `None`, the resource lacks `runar.node.id`.
    pub(crate) node_id: Option<String>,
    /// The other attributes of the resource, sorted by key, each key once.
    pub(crate) resource_attributes: Vec<KeyValue>,
    /// The destinations of metrics; by default OTLP and the pull endpoint, as far as their Cargo features are on.
    pub(crate) metrics_exporters: Vec<MetricsExporterKind>,
    /// The destinations of spans; by default OTLP if one of its Cargo features is on.
    pub(crate) traces_exporters: Vec<TracesExporterKind>,
    pub(crate) otlp_metrics: OtlpConfig,
    pub(crate) otlp_traces: OtlpConfig,
    pub(crate) temporality: TemporalityPreference,
    pub(crate) histogram_aggregation: HistogramAggregation,
    pub(crate) exemplar_filter: ExemplarFilter,
    /// The time between two pushes of metrics, 60 s by default.
    pub(crate) metric_interval: Duration,
    /// The time limit of one collection and push, 30 s by default.
    pub(crate) metric_timeout: Duration,
    pub(crate) prometheus: PrometheusAddress,
    /// True if metrics about telemetry itself are recorded. False by default.
    pub(crate) sdk_metrics: bool,
    /// The formats in which context is sent and read; if empty, it is neither sent nor read.
    pub(crate) propagators: Vec<Propagator>,
    pub(crate) sampler: Sampler,
    pub(crate) span_batches: SpanBatches,
    pub(crate) span_limits: SpanLimits,
    /// `OTEL_LOG_LEVEL`; part of `log_filter` already.
    pub(crate) log_level: LogLevel,
    /// Directives of `EnvFilter`: `RUST_LOG`, else the builder's, else `OTEL_LOG_LEVEL`.
    #[cfg(feature = "subscriber")]
    pub(crate) log_filter: String,
    pub(crate) subscriber: SubscriberChoice,
    /// The directory for what is not delivered at the end; `None` keeps nothing.
    pub(crate) spill_dir: Option<PathBuf>,
}

/// The address on which the pull endpoint listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrometheusAddress {
    pub(crate) host: String,
    /// The port, 9464 by default; 0 takes any free one.
    pub(crate) port: u16,
}

/// The choice whether `init()` installs a `tracing` subscriber, as it does by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubscriberChoice {
    #[default]
    Install,
    Leave,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            service_name: None,
            node_id: None,
            resource_attributes: Vec::new(),
            metrics_exporters: Destination::existing(&[
                MetricsExporterKind::Otlp,
                MetricsExporterKind::Prometheus,
            ]),
            traces_exporters: Destination::existing(&[TracesExporterKind::Otlp]),
            otlp_metrics: OtlpConfig::of(Signal::Metrics),
            otlp_traces: OtlpConfig::of(Signal::Traces),
            temporality: TemporalityPreference::default(),
            histogram_aggregation: HistogramAggregation::default(),
            exemplar_filter: ExemplarFilter::default(),
            metric_interval: Duration::from_secs(60),
            metric_timeout: Duration::from_secs(30),
            prometheus: PrometheusAddress {
                host: "localhost".to_owned(),
                port: 9464,
            },
            sdk_metrics: false,
            propagators: vec![Propagator::TraceContext, Propagator::Baggage],
            sampler: Sampler::default(),
            span_batches: SpanBatches::default(),
            span_limits: SpanLimits::default(),
            log_level: LogLevel::default(),
            #[cfg(feature = "subscriber")]
            log_filter: LogLevel::default().directives(),
            subscriber: SubscriberChoice::default(),
            spill_dir: None,
        }
    }
}
