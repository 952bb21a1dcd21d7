//! `runar-otel`, put together like `init()` does.

use std::sync::{Arc, Mutex, PoisonError};

use runar_otel_core::{
    Counter, Gauge, Histogram,
    gate::{Gate, GateOptions, Streams},
    install,
    labels::ValueRef,
};
use runar_otel_pipeline::{
    collect::Collector,
    encode::{exposition, otlp},
    store::{ConsumerId, TemporalityPreference},
};

use super::{Moment, Peer, Reach, Scrape};
use crate::{
    Result, readings,
    series::{BUCKETS, Kind, Labels, VALUE},
};

/// What a scrape is encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    OpenMetrics,
    Text,
    Otlp,
}

/// Our metric. There is one at a time in a process.
pub(crate) struct Ours {
    kind: Kind,
    format: Mutex<Format>,
    labels: Vec<Labels>,
    handles: Handles,
    pipeline: Pipeline,
}

enum Handles {
    Counters(Vec<Counter>),
    Gauges(Vec<Gauge>),
    Histograms(Vec<Histogram>),
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

struct Pipeline {
    streams: Arc<Streams>,
    collector: Collector,
    consumer: ConsumerId,
}

impl Pipeline {
    fn start(limit: usize) -> Self {
        let mut options = GateOptions::default();
        options.limit = limit;
        let streams = Streams::new(options);
        install(Arc::new(Gate::new(streams.clone())));
        let collector = Collector::new(streams.clone(), Arc::default(), Vec::new());
        let consumer = collector.register(TemporalityPreference::Cumulative);
        Self {
            streams,
            collector,
            consumer,
        }
    }
}

impl Ours {
    /// Makes the metric and records once into each series.
    pub(crate) fn start(kind: Kind, reach: Reach, series: usize, limit: usize) -> Self {
        let pipeline = Pipeline::start(limit);
        let labels = match reach {
            Reach::Handles => Vec::new(),
            Reach::Labels => (0..series).map(Labels::of).collect(),
        };
        let own = Self {
            kind,
            format: Mutex::new(Format::OpenMetrics),
            labels,
            handles: Handles::new(kind, reach, series),
            pipeline,
        };
        own.touch();
        own
    }

    /// What scrapes are encoded as from now on.
    pub(crate) fn encode_as(&self, format: Format) {
        *self.format.lock().unwrap_or_else(PoisonError::into_inner) = format;
    }

    fn format(&self) -> Format {
        *self.format.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records into the series of these labels.
    pub(crate) fn record_labels(&self, labels: &Labels) {
        self.handles.record(&labels.pairs());
    }

    /// Lets the series of this method go.
    pub(crate) fn retire_method(&self, method: &str) {
        for stream in self.pipeline.streams.all() {
            stream.retire(|series| {
                let mut labels = series.labels().iter();
                labels.any(|label| label == ("method", ValueRef::Str(method)))
            });
        }
    }
}

impl Handles {
    fn new(kind: Kind, reach: Reach, series: usize) -> Self {
        let name = kind.metric();
        macro_rules! each {
            ($builder:expr) => {
                (0..series)
                    .map(|at| {
                        let labels = Labels::of(at);
                        let pairs = labels.pairs().into_iter();
                        pairs
                            .fold($builder, |one, (name, value)| one.with_label(name, value))
                            .register()
                    })
                    .collect()
            };
        }
        let histogram = || Histogram::new(name, "Duration").with_buckets(BUCKETS.into());
        match (kind, reach) {
            (Kind::Counter, Reach::Handles) => Self::Counters(each!(Counter::new(name, "Orders"))),
            (Kind::Gauge, Reach::Handles) => Self::Gauges(each!(Gauge::new(name, "Open"))),
            (Kind::Histogram, Reach::Handles) => Self::Histograms(each!(histogram())),
            (Kind::Counter, Reach::Labels) => {
                Self::Counter(Counter::new(name, "Orders").register())
            }
            (Kind::Gauge, Reach::Labels) => Self::Gauge(Gauge::new(name, "Open").register()),
            (Kind::Histogram, Reach::Labels) => Self::Histogram(histogram().register()),
        }
    }

    fn record(&self, labels: &[(&str, &str)]) {
        match self {
            Self::Counter(counter) => counter.increment_with(labels),
            Self::Gauge(gauge) => gauge.set_with(1.0, labels),
            Self::Histogram(histogram) => histogram.observe_with(VALUE, labels),
            Self::Counters(_) | Self::Gauges(_) | Self::Histograms(_) => {}
        }
    }
}

impl Peer for Ours {
    fn touch(&self) {
        match &self.handles {
            Handles::Counters(counters) => counters.iter().for_each(Counter::increment),
            Handles::Gauges(gauges) => gauges.iter().for_each(|gauge| gauge.set(1.0)),
            Handles::Histograms(all) => all.iter().for_each(|one| one.observe(VALUE)),
            one => self
                .labels
                .iter()
                .for_each(|labels| one.record(&labels.pairs())),
        }
    }

    fn record(&self, series: usize) {
        match &self.handles {
            Handles::Counters(counters) => counters
                .get(series)
                .into_iter()
                .for_each(Counter::increment),
            Handles::Gauges(gauges) => gauges
                .get(series)
                .into_iter()
                .for_each(|gauge| gauge.set(1.0)),
            Handles::Histograms(all) => all
                .get(series)
                .into_iter()
                .for_each(|one| one.observe(VALUE)),
            one => self
                .labels
                .get(series)
                .into_iter()
                .for_each(|labels| one.record(&labels.pairs())),
        }
    }

    fn record_new(&self, series: usize) {
        self.handles.record(&Labels::of(series).pairs());
    }

    fn scrape(&self) -> Result<Scrape> {
        let (mut scrape, mut time) = (Scrape::default(), Moment::now());
        let snapshot = self.pipeline.collector.snapshot(self.pipeline.consumer);
        scrape.collect = time.lap();
        scrape.body = match self.format() {
            Format::OpenMetrics => exposition::openmetrics(&snapshot).body.into_bytes(),
            Format::Text => exposition::text(&snapshot).body.into_bytes(),
            Format::Otlp => otlp::encode(&snapshot),
        };
        scrape.encode = time.lap();
        Ok(scrape)
    }

    fn total(&self, scrape: &Scrape) -> Result<f64> {
        match self.format() {
            Format::Otlp => readings::in_message(&scrape.body, self.kind),
            _ => readings::in_page(&scrape.body, self.kind),
        }
    }

    fn retire(&self) -> bool {
        for stream in self.pipeline.streams.all() {
            stream.retire(|_| true);
        }
        true
    }

    fn kind(&self) -> Kind {
        self.kind
    }
}
