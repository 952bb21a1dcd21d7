//! Settings that are a choice.

/// A transport of the OpenTelemetry protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `grpc`: gRPC over HTTP/2, by default on port 4317. Proxies of the environment do not apply.
    Grpc,
    /// `http/protobuf`: Protobuf over HTTP/1.1, by default on port 4318. Proxies of the environment apply, except to loopback.
    #[default]
    HttpProtobuf,
}

/// The compression of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Sends data uncompressed.
    #[default]
    None,
    /// Compresses with gzip.
    Gzip,
}

/// The temporality that a consumer wants, per kind of instrument.
///
/// OpenTelemetry specification, OTLP metrics exporter: *Additional environment variable configuration*
/// (`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`). The preferences do not speak of gauges, and for what is not
/// configured cumulative temporality is the default (metrics SDK: *MetricReader*): every consumer gets their last value
/// each time, and totals where a view makes sums or histograms of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemporalityPreference {
    /// Totals since the start for every kind. Prometheus can read nothing else.
    #[default]
    Cumulative,
    /// Changes since the last export for counters and histograms, totals for the rest.
    Delta,
    /// Changes since the last export for synchronous counters and histograms, totals for the rest.
    LowMemory,
}
