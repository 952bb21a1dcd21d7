//! `prometheus-client`.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{Moment, Peer, Reach, Scrape};
use crate::{
    Result,
    series::{BUCKETS, Kind, Labels, VALUE},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Set {
    method: String,
    route: String,
    status: String,
}

impl Set {
    fn of(labels: &Labels) -> Self {
        Self {
            method: labels.method.to_owned(),
            route: labels.route.clone(),
            status: labels.status.to_owned(),
        }
    }
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// A metric of `prometheus-client`.
pub(crate) struct PrometheusClient {
    kind: Kind,
    labels: Vec<Labels>,
    counters: Family<Set, Counter>,
    gauges: Family<Set, FloatGauge>,
    histograms: Family<Set, Histogram, fn() -> Histogram>,
    handles: Handles,
    registry: Registry,
}

enum Handles {
    Nothing,
    Counters(Vec<Counter>),
    Gauges(Vec<FloatGauge>),
    Histograms(Vec<Histogram>),
}

impl PrometheusClient {
    /// Makes the metric and records once into each series.
    pub(crate) fn start(kind: Kind, reach: Reach, series: usize) -> Self {
        let mut own = Self {
            kind,
            labels: Vec::new(),
            counters: Family::default(),
            gauges: Family::default(),
            histograms: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            handles: Handles::Nothing,
            registry: Registry::default(),
        };
        // It adds the suffix of a counter itself.
        let name = kind.metric();
        match kind {
            Kind::Counter => own.registry.register(
                name.trim_end_matches("_total"),
                "Orders",
                own.counters.clone(),
            ),
            Kind::Gauge => own.registry.register(name, "Open", own.gauges.clone()),
            Kind::Histogram => own
                .registry
                .register(name, "Duration", own.histograms.clone()),
        }
        let sets = (0..series).map(Labels::of);
        match (reach, kind) {
            (Reach::Labels, _) => own.labels = sets.collect(),
            (_, Kind::Counter) => {
                let handle = |set| own.counters.get_or_create_owned(&Set::of(&set));
                own.handles = Handles::Counters(sets.map(handle).collect());
            }
            (_, Kind::Gauge) => {
                let handle = |set| own.gauges.get_or_create_owned(&Set::of(&set));
                own.handles = Handles::Gauges(sets.map(handle).collect());
            }
            (_, Kind::Histogram) => {
                let handle = |set| own.histograms.get_or_create_owned(&Set::of(&set));
                own.handles = Handles::Histograms(sets.map(handle).collect());
            }
        }
        own.touch();
        own
    }

    fn record_with(&self, labels: &Labels) {
        let set = Set::of(labels);
        match self.kind {
            Kind::Counter => {
                self.counters.get_or_create(&set).inc();
            }
            Kind::Gauge => {
                self.gauges.get_or_create(&set).set(1.0);
            }
            Kind::Histogram => self.histograms.get_or_create(&set).observe(VALUE),
        }
    }
}

impl Peer for PrometheusClient {
    fn touch(&self) {
        match &self.handles {
            Handles::Counters(counters) => counters.iter().for_each(|one| {
                one.inc();
            }),
            Handles::Gauges(gauges) => gauges.iter().for_each(|one| {
                one.set(1.0);
            }),
            Handles::Histograms(all) => all.iter().for_each(|one| one.observe(VALUE)),
            Handles::Nothing => self
                .labels
                .iter()
                .for_each(|labels| self.record_with(labels)),
        }
    }

    fn record(&self, series: usize) {
        match &self.handles {
            Handles::Counters(counters) => counters.get(series).into_iter().for_each(|one| {
                one.inc();
            }),
            Handles::Gauges(gauges) => gauges.get(series).into_iter().for_each(|one| {
                one.set(1.0);
            }),
            Handles::Histograms(all) => all
                .get(series)
                .into_iter()
                .for_each(|one| one.observe(VALUE)),
            Handles::Nothing => self
                .labels
                .get(series)
                .into_iter()
                .for_each(|labels| self.record_with(labels)),
        }
    }

    fn record_new(&self, series: usize) {
        self.record_with(&Labels::of(series));
    }

    fn scrape(&self) -> Result<Scrape> {
        let mut time = Moment::now();
        let mut body = String::new();
        encode(&mut body, &self.registry)?;
        Ok(Scrape {
            body: body.into_bytes(),
            encode: time.lap(),
            ..Scrape::default()
        })
    }

    fn retire(&self) -> bool {
        match self.kind {
            Kind::Counter => self.counters.clear(),
            Kind::Gauge => self.gauges.clear(),
            Kind::Histogram => self.histograms.clear(),
        }
        true
    }

    fn kind(&self) -> Kind {
        self.kind
    }
}
