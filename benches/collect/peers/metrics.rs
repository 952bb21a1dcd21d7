//! `metrics` with `metrics-exporter-prometheus`.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::{Moment, Peer, Scrape};
use crate::{
    Result,
    series::{BUCKETS, Kind, Labels, VALUE},
};

/// A metric of `metrics`, with a handle per series.
pub(crate) struct Metrics {
    kind: Kind,
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    handles: Handles,
}

enum Handles {
    Counters(Vec<Counter>),
    Gauges(Vec<Gauge>),
    Histograms(Vec<Histogram>),
}

impl Metrics {
    /// Makes the metric and records once into each series.
    pub(crate) fn start(kind: Kind, series: usize) -> Result<Self> {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)?
            .build_recorder();
        let name = kind.metric();
        let sets = || {
            (0..series).map(|at| {
                Labels::of(at)
                    .pairs()
                    .map(|(name, value)| (name, value.to_owned()))
            })
        };
        let handles = with_local_recorder(&recorder, || match kind {
            Kind::Counter => Handles::Counters(sets().map(|set| counter!(name, &set)).collect()),
            Kind::Gauge => Handles::Gauges(sets().map(|set| gauge!(name, &set)).collect()),
            Kind::Histogram => {
                Handles::Histograms(sets().map(|set| histogram!(name, &set)).collect())
            }
        });
        let own = Self {
            kind,
            handle: recorder.handle(),
            recorder,
            handles,
        };
        own.touch();
        Ok(own)
    }
}

impl Peer for Metrics {
    fn touch(&self) {
        match &self.handles {
            Handles::Counters(counters) => counters.iter().for_each(|one| one.increment(1)),
            Handles::Gauges(gauges) => gauges.iter().for_each(|one| one.set(1.0)),
            Handles::Histograms(all) => all.iter().for_each(|one| one.record(VALUE)),
        }
        // What is observed waits to be put into its bucket; a thread of the exporter does it every five seconds.
        self.handle.run_upkeep();
    }

    fn record(&self, series: usize) {
        match &self.handles {
            Handles::Counters(counters) => counters
                .get(series)
                .into_iter()
                .for_each(|one| one.increment(1)),
            Handles::Gauges(gauges) => gauges.get(series).into_iter().for_each(|one| one.set(1.0)),
            Handles::Histograms(all) => all
                .get(series)
                .into_iter()
                .for_each(|one| one.record(VALUE)),
        }
    }

    fn record_new(&self, series: usize) {
        let set = Labels::of(series)
            .pairs()
            .map(|(name, value)| (name, value.to_owned()));
        let name = self.kind.metric();
        with_local_recorder(&self.recorder, || match self.kind {
            Kind::Counter => counter!(name, &set).increment(1),
            Kind::Gauge => gauge!(name, &set).set(1.0),
            Kind::Histogram => histogram!(name, &set).record(VALUE),
        });
    }

    fn scrape(&self) -> Result<Scrape> {
        let mut time = Moment::now();
        let body = self.handle.render();
        Ok(Scrape {
            body: body.into_bytes(),
            encode: time.lap(),
            ..Scrape::default()
        })
    }

    fn kind(&self) -> Kind {
        self.kind
    }
}
