//! The peers, each with its own idiom for the same work.

mod autometrics;
mod bare;
mod call;
mod measured;
mod metered;
mod metrics;
mod ours;
mod ours_calls;
mod prometheus;
mod prometheus_client;
mod raw;

pub(crate) use self::ours::Ours;
use crate::{Result, case::Case, regime::Regime, row::Row};

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

/// What the other peers need, for as long as the process lives.
pub(crate) struct Others {
    raw: raw::Raw,
    metrics: metrics::Metrics,
    autometrics: ::prometheus::Registry,
}

impl Others {
    pub(crate) fn start(regime: Regime) -> Result<Self> {
        Ok(Self {
            raw: raw::Raw::start(regime)?,
            metrics: metrics::Metrics::start()?,
            autometrics: autometrics::start()?,
        })
    }
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

    /// Prepares the work of a row, `None` where the peer has no idiom for it.
    pub(crate) fn case(self, row: &Row, ours: &Ours, others: &Others) -> Result<Option<Case>> {
        Ok(match self {
            Self::Ours => ours.case(row),
            Self::Raw => others.raw.case(row),
            Self::RawBound => others.raw.bound_case(row),
            Self::Metrics => others.metrics.case(row),
            Self::Prometheus => prometheus::case(row)?,
            Self::PrometheusClient => prometheus_client::case(row),
            Self::Measured => measured::enum_case(row),
            Self::MeasuredStrings => measured::string_case(row),
            Self::Metered => metered::case(row),
            Self::Autometrics => autometrics::case(row, &others.autometrics),
            Self::Bare => bare::case(row)?,
        })
    }
}
