//! `prometheus`.

use prometheus::{
    Encoder as _, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter,
    IntCounterVec, Opts, Registry, TextEncoder,
};

use super::{Moment, Peer, Reach, Scrape};
use crate::{
    Result,
    series::{BUCKETS, Kind, Labels, VALUE},
};

/// A metric of `prometheus`.
pub(crate) struct Prometheus {
    kind: Kind,
    labels: Vec<Labels>,
    family: Family,
    handles: Handles,
    registry: Registry,
}

enum Family {
    Counter(IntCounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

enum Handles {
    Nothing,
    Counters(Vec<IntCounter>),
    Gauges(Vec<Gauge>),
    Histograms(Vec<Histogram>),
}

impl Prometheus {
    /// Makes the metric and records once into each series.
    pub(crate) fn start(kind: Kind, reach: Reach, series: usize) -> Result<Self> {
        let (registry, name, names) = (
            Registry::new(),
            kind.metric(),
            ["method", "route", "status"],
        );
        let sets = || (0..series).map(Labels::of);
        let (family, handles) = match kind {
            Kind::Counter => {
                let all = IntCounterVec::new(Opts::new(name, "Orders"), &names)?;
                registry.register(Box::new(all.clone()))?;
                let handles = sets()
                    .map(|set| all.with_label_values(&values(&set)))
                    .collect();
                (Family::Counter(all), Handles::Counters(handles))
            }
            Kind::Gauge => {
                let all = GaugeVec::new(Opts::new(name, "Open"), &names)?;
                registry.register(Box::new(all.clone()))?;
                let handles = sets()
                    .map(|set| all.with_label_values(&values(&set)))
                    .collect();
                (Family::Gauge(all), Handles::Gauges(handles))
            }
            Kind::Histogram => {
                let options = HistogramOpts::new(name, "Duration").buckets(BUCKETS.into());
                let all = HistogramVec::new(options, &names)?;
                registry.register(Box::new(all.clone()))?;
                let handles = sets()
                    .map(|set| all.with_label_values(&values(&set)))
                    .collect();
                (Family::Histogram(all), Handles::Histograms(handles))
            }
        };
        let (labels, handles) = match reach {
            Reach::Handles => (Vec::new(), handles),
            Reach::Labels => (sets().collect(), Handles::Nothing),
        };
        let own = Self {
            kind,
            labels,
            family,
            handles,
            registry,
        };
        own.touch();
        Ok(own)
    }

    fn record_with(&self, labels: &Labels) {
        let values = values(labels);
        match &self.family {
            Family::Counter(all) => all.with_label_values(&values).inc(),
            Family::Gauge(all) => all.with_label_values(&values).set(1.0),
            Family::Histogram(all) => all.with_label_values(&values).observe(VALUE),
        }
    }
}

impl Peer for Prometheus {
    fn touch(&self) {
        match &self.handles {
            Handles::Counters(counters) => counters.iter().for_each(IntCounter::inc),
            Handles::Gauges(gauges) => gauges.iter().for_each(|one| one.set(1.0)),
            Handles::Histograms(all) => all.iter().for_each(|one| one.observe(VALUE)),
            Handles::Nothing => self
                .labels
                .iter()
                .for_each(|labels| self.record_with(labels)),
        }
    }

    fn record(&self, series: usize) {
        match &self.handles {
            Handles::Counters(counters) => {
                counters.get(series).into_iter().for_each(IntCounter::inc);
            }
            Handles::Gauges(gauges) => gauges.get(series).into_iter().for_each(|one| one.set(1.0)),
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
        let (mut scrape, mut time) = (Scrape::default(), Moment::now());
        let families = self.registry.gather();
        scrape.collect = time.lap();
        TextEncoder::new().encode(&families, &mut scrape.body)?;
        scrape.encode = time.lap();
        Ok(scrape)
    }

    fn retire(&self) -> bool {
        match &self.family {
            Family::Counter(all) => all.reset(),
            Family::Gauge(all) => all.reset(),
            Family::Histogram(all) => all.reset(),
        }
        true
    }

    fn kind(&self) -> Kind {
        self.kind
    }
}

fn values(of: &Labels) -> [&str; 3] {
    [of.method, &of.route, of.status]
}
