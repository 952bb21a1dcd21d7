//! The signals that are pushed.

/// A type of telemetry that is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Metrics,
    Traces,
}

impl Signal {
    /// Returns the signal's part of the names of its environment variables.
    pub(crate) fn infix(self) -> &'static str {
        match self {
            Self::Metrics => "METRICS_",
            Self::Traces => "TRACES_",
        }
    }

    /// Returns the path that is appended to a base URL.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Metrics => "/v1/metrics",
            Self::Traces => "/v1/traces",
        }
    }
}
