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
use crate::{case::Case, peer::Peer, regime::Regime, result::Result, row::Row};

/// Everything that the other peers need, for as long as the process lives.
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

    /// Prepares the work of a row, `None` where the peer has no idiom for it.
    pub(crate) fn case(&self, peer: Peer, row: &Row, ours: &Ours) -> Result<Option<Case>> {
        Ok(match peer {
            Peer::Ours => ours.case(row),
            Peer::Raw => self.raw.case(row),
            Peer::RawBound => self.raw.bound_case(row),
            Peer::Metrics => self.metrics.case(row),
            Peer::Prometheus => prometheus::case(row)?,
            Peer::PrometheusClient => prometheus_client::case(row),
            Peer::Measured => measured::enum_case(row),
            Peer::MeasuredStrings => measured::string_case(row),
            Peer::Metered => metered::case(row),
            Peer::Autometrics => autometrics::case(row, &self.autometrics),
            Peer::Bare => bare::case(row)?,
        })
    }
}
