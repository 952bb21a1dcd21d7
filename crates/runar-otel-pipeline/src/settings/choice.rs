//! Settings that are a choice.

use std::fmt;

/// A transport of the OpenTelemetry protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `grpc`: gRPC over HTTP/2, by default on port 4317. Proxies of the environment do not apply.
    Grpc,
    /// `http/protobuf`: Protobuf over HTTP/1.1, by default on port 4318. Proxies of the environment apply, except to loopback.
    HttpProtobuf,
}

/// The name that the specification gives it.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
        })
    }
}

/// `http/protobuf`, as the specification recommends; `grpc` if that is the only transport compiled in.
impl Default for Protocol {
    fn default() -> Self {
        match Self::Grpc.is_compiled() && !Self::HttpProtobuf.is_compiled() {
            true => Self::Grpc,
            false => Self::HttpProtobuf,
        }
    }
}

impl Protocol {
    /// Returns the Cargo feature that compiles the transport in.
    #[must_use]
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Grpc => "otlp-grpc",
            Self::HttpProtobuf => "otlp-http",
        }
    }

    /// True if the feature of the transport is on.
    #[must_use]
    pub const fn is_compiled(self) -> bool {
        match self {
            Self::Grpc => cfg!(feature = "otlp-grpc"),
            Self::HttpProtobuf => cfg!(feature = "otlp-http"),
        }
    }
}

/// The compression of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Sends data uncompressed.
    #[default]
    None,
    /// Compresses with gzip; needs the Cargo feature `gzip`.
    Gzip,
}

impl Compression {
    /// True if requests can be compressed so: gzip needs its feature.
    #[must_use]
    pub const fn is_compiled(self) -> bool {
        match self {
            Self::None => true,
            Self::Gzip => cfg!(feature = "gzip"),
        }
    }
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
