//! Settings that are a choice among names.

use runar_otel_core::exemplar::ExemplarFilter;
use runar_otel_pipeline::settings::{Compression, TemporalityPreference};

use crate::config::environment::Choice;

/// A destination of a signal, which may need a Cargo feature.
pub(crate) trait Destination: Choice {
    /// The method of the builder that sets the destinations.
    const METHOD: &'static str;
    /// The environment variable that sets the destinations.
    const VARIABLE: &'static str;

    /// Returns the Cargo feature that is off and without which the destination does not exist; `None` if it exists.
    fn missing_feature(self) -> Option<&'static str>;

    /// Returns those of the destinations that exist.
    fn existing(all: &[Self]) -> Vec<Self> {
        let exists = |kind: &Self| kind.missing_feature().is_none();
        all.iter().copied().filter(exists).collect()
    }
}

/// The features for OTLP, as messages name them.
const OTLP: &str = "`otlp-http` or `otlp-grpc`";

/// A destination of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricsExporterKind {
    /// Pushes over the OpenTelemetry protocol.
    Otlp,
    /// Serves the pull endpoint that Prometheus scrapes.
    Prometheus,
    /// Writes readable lines to standard output.
    Console,
}

impl Choice for MetricsExporterKind {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("otlp", Self::Otlp),
        ("prometheus", Self::Prometheus),
        ("console", Self::Console),
    ];
}

impl Destination for MetricsExporterKind {
    const METHOD: &'static str = "metrics_exporters";
    const VARIABLE: &'static str = "OTEL_METRICS_EXPORTER";

    fn missing_feature(self) -> Option<&'static str> {
        match self {
            Self::Otlp if !cfg!(feature = "otlp") => Some(OTLP),
            Self::Prometheus if !cfg!(feature = "prometheus-endpoint") => {
                Some("`prometheus-endpoint`")
            }
            _ => None,
        }
    }
}

/// A destination of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TracesExporterKind {
    /// Pushes over the OpenTelemetry protocol.
    Otlp,
    /// Writes readable lines to standard output.
    Console,
}

impl Choice for TracesExporterKind {
    const NAMES: &'static [(&'static str, Self)] =
        &[("otlp", Self::Otlp), ("console", Self::Console)];
}

impl Destination for TracesExporterKind {
    const METHOD: &'static str = "traces_exporters";
    const VARIABLE: &'static str = "OTEL_TRACES_EXPORTER";

    fn missing_feature(self) -> Option<&'static str> {
        match self {
            Self::Otlp if !cfg!(feature = "otlp") => Some(OTLP),
            _ => None,
        }
    }
}

impl Choice for Compression {
    const NAMES: &'static [(&'static str, Self)] = &[("none", Self::None), ("gzip", Self::Gzip)];
}

impl Choice for TemporalityPreference {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("cumulative", Self::Cumulative),
        ("delta", Self::Delta),
        ("lowmemory", Self::LowMemory),
    ];
}

/// The aggregation of histograms that no view and no declaration gives buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramAggregation {
    /// Buckets with explicit bounds.
    #[default]
    ExplicitBuckets,
    /// Buckets whose bounds grow by powers of a base that fits the data.
    Base2Exponential,
}

impl Choice for HistogramAggregation {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("explicit_bucket_histogram", Self::ExplicitBuckets),
        ("base2_exponential_bucket_histogram", Self::Base2Exponential),
    ];
}

impl Choice for ExemplarFilter {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("always_on", Self::AlwaysOn),
        ("always_off", Self::AlwaysOff),
        ("trace_based", Self::TraceBased),
    ];
}

/// A format in which context travels between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Propagator {
    /// W3C Trace Context: the headers `traceparent` and `tracestate`.
    TraceContext,
    /// W3C Baggage: the header `baggage`.
    Baggage,
}

impl Choice for Propagator {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("tracecontext", Self::TraceContext),
        ("baggage", Self::Baggage),
    ];
}

/// The lowest level of log lines that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// Single steps and all other lines.
    Trace,
    /// Details for finding faults.
    Debug,
    /// Normal operation; the OpenTelemetry crates from `warn` on.
    #[default]
    Info,
    /// Warnings and errors: faults that may come.
    Warn,
    /// Errors alone: faults that have come.
    Error,
    /// No log lines at all.
    Off,
}

impl LogLevel {
    /// Returns directives of `EnvFilter` for the level. At `info` the OpenTelemetry crates are limited to `warn`.
    #[cfg(feature = "subscriber")]
    pub(crate) fn directives(self) -> String {
        let level = match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Off => "off",
        };
        match self {
            Self::Info => format!("{level},opentelemetry=warn"),
            _ => level.to_owned(),
        }
    }
}

impl Choice for LogLevel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("trace", Self::Trace),
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("warn", Self::Warn),
        ("error", Self::Error),
        ("off", Self::Off),
        ("none", Self::Off),
    ];
}
