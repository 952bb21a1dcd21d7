//! The peers, each with its own idiom for the same work.

mod metrics;
mod ours;
mod prometheus;
mod prometheus_client;
mod raw;

pub(crate) use self::ours::Ours;
use crate::{Result, measure::Case, work::Row};

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
}

/// What the other peers need, for as long as the process lives.
pub(crate) struct Others {
    raw: raw::Raw,
    metrics: metrics::Metrics,
}

impl Others {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self {
            raw: raw::Raw::start()?,
            metrics: metrics::Metrics::start()?,
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
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Raw => "raw SDK",
            Self::RawBound => "raw SDK, bound",
            Self::Metrics => "metrics",
            Self::Prometheus => "prometheus",
            Self::PrometheusClient => "prometheus-client",
        }
    }

    /// Prepares the work of a row, `None` where the peer has no idiom for it.
    pub(crate) fn case(self, row: &Row, ours: &Ours, others: &Others) -> Result<Option<Case>> {
        let (work, metric) = (row.work, row.metric);
        Ok(match self {
            Self::Ours => Some(ours.case(work, metric)),
            Self::Raw => Some(others.raw.case(work, metric)),
            Self::RawBound => others.raw.bound_case(work, metric),
            Self::Metrics => Some(others.metrics.case(work, metric)),
            Self::Prometheus => Some(prometheus::case(work, metric)?),
            Self::PrometheusClient => Some(prometheus_client::case(work, metric)),
        })
    }
}
