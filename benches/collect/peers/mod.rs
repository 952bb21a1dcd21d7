//! The peers, each with its own idiom for many series of one metric.

mod metrics;
mod ours;
mod prometheus;
mod prometheus_client;
mod raw;

use std::time::{Duration, Instant};

use runar_otel_benches::together::waited_for_a_core;

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

    /// Lets all series go; false if it has no way to.
    fn retire(&self) -> bool {
        false
    }

    fn kind(&self) -> Kind;
}

/// One scrape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrape {
    pub(crate) body: Vec<u8>,
    /// Until the values are taken from where they are recorded, and are in the form that is encoded.
    pub(crate) collect: Duration,
    /// From that form to bytes. Of those that encode while they collect, all of it.
    pub(crate) encode: Duration,
}

impl Scrape {
    pub(crate) fn whole(&self) -> Duration {
        self.collect + self.encode
    }
}

/// A moment of this thread.
struct Moment {
    time: Instant,
    waited: Duration,
}

impl Moment {
    fn now() -> Self {
        Self {
            waited: waited_for_a_core(),
            time: Instant::now(),
        }
    }

    /// The time since then, less the time that the thread waited for a core. The moment becomes now.
    fn lap(&mut self) -> Duration {
        let end = Instant::now();
        let waited = waited_for_a_core().saturating_sub(self.waited);
        let lap = (end - self.time).saturating_sub(waited);
        *self = Self::now();
        lap
    }
}
