//! The signals that are pushed.

/// A type of telemetry that is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Metrics, pushed at an interval.
    Metrics,
    /// Spans, pushed in batches.
    Traces,
}

impl Signal {
    /// Returns the signal's part of the names of its environment variables.
    #[must_use]
    pub const fn infix(self) -> &'static str {
        match self {
            Self::Metrics => "METRICS_",
            Self::Traces => "TRACES_",
        }
    }

    /// Returns the path that is appended to a base URL.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Metrics => "/v1/metrics",
            Self::Traces => "/v1/traces",
        }
    }

    /// Returns the path of the method that takes the signal over gRPC.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        }
    }

    /// Returns the word for the signal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Traces => "traces",
        }
    }

    /// Returns the word for the data in messages.
    #[must_use]
    pub const fn data(self) -> &'static str {
        match self {
            Self::Metrics => "data points",
            Self::Traces => "spans",
        }
    }
}
