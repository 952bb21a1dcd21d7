//! The peers, each with its own idiom for many series of one metric.

mod metrics;
mod ours;
mod prometheus;
mod prometheus_client;
mod raw;

use std::time::{Duration, Instant};

use crate::{Result, series::Kind};

pub(crate) use self::{
    metrics::Metrics,
    ours::{Format, Ours},
    prometheus::Prometheus,
    prometheus_client::PrometheusClient,
    raw::{Raw, Reading, Shared},
};

/// How series are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// By a handle each, which has the labels.
    Handles,
    /// By labels given with each record.
    Labels,
}

/// One metric with many series.
pub(crate) trait Peer: Sync {
    /// Records once into each of its series.
    fn touch(&self);

    /// Records into one series that exists, by the way that this was made for.
    fn record(&self, series: usize);

    /// Records into a series that does not exist yet.
    fn record_new(&self, series: usize);

    /// Collects and encodes.
    fn scrape(&self) -> Result<Scrape>;

    /// All values in what a scrape brought, or all counts.
    fn total(&self, scrape: &Scrape) -> Result<f64> {
        crate::readings::in_page(&scrape.body, self.kind())
    }

    fn kind(&self) -> Kind;
}

/// One scrape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrape {
    pub(crate) body: Vec<u8>,
    /// Until the values are taken from where they are recorded.
    pub(crate) collect: Duration,
    /// Until they are in the form that is encoded: added up, arranged.
    pub(crate) arrange: Duration,
    /// From that form to bytes. Of those that encode while they collect, all of it.
    pub(crate) encode: Duration,
}

impl Scrape {
    pub(crate) fn whole(&self) -> Duration {
        self.collect + self.arrange + self.encode
    }
}

/// The time since a moment, which becomes now.
fn lap(since: &mut Instant) -> Duration {
    let now = Instant::now();
    let lap = now - *since;
    *since = now;
    lap
}
