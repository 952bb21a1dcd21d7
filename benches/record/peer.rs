//! The columns of the table.

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Ours,
    /// `opentelemetry_sdk`, with attributes in each call.
    Raw,
    /// `opentelemetry_sdk`, with attributes bound to the instrument before; an experimental feature.
    RawBound,
    /// `metrics` with `metrics-exporter-prometheus`.
    Metrics,
    Prometheus,
    PrometheusClient,
    /// `measured` with labels that are enums: all label sets are known when the program is compiled.
    Measured,
    /// `measured` with labels that are any text.
    MeasuredStrings,
    /// `metered` with its four metrics: hits, errors, calls in flight, response time.
    Metered,
    /// `autometrics` with `prometheus` behind it.
    Autometrics,
    /// `#[tracing::instrument]` under `tracing-opentelemetry`: a span and no metrics.
    Bare,
}

impl Peer {
    pub(crate) const ALL: &[Self] = &[
        Self::Ours,
        Self::Raw,
        Self::RawBound,
        Self::Metrics,
        Self::Prometheus,
        Self::PrometheusClient,
        Self::Measured,
        Self::MeasuredStrings,
        Self::Metered,
        Self::Autometrics,
        Self::Bare,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Raw => "raw SDK",
            Self::RawBound => "raw SDK, bound",
            Self::Metrics => "metrics",
            Self::Prometheus => "prometheus",
            Self::PrometheusClient => "prometheus-client",
            Self::Measured => "measured, enums",
            Self::MeasuredStrings => "measured, strings",
            Self::Metered => "metered",
            Self::Autometrics => "autometrics",
            Self::Bare => "tracing alone",
        }
    }

    /// Tells whether a view or `OTEL_SDK_DISABLED` switches it off.
    pub(crate) fn can_be_off(self) -> bool {
        self != Self::Metered
    }
}
