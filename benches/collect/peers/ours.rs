//! `runar-otel`, put together like `init()` does, with the steps of a collection apart.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime},
};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{
    SdkMeterProvider, data::ResourceMetrics, reader::MetricReader as _,
};
use runar_otel_core::{
    Counter, Gauge, Histogram,
    gate::{Gate, GateOptions, Streams},
    install,
};
use runar_otel_pipeline::{
    collect::{StoreReader, convert, sdk_view},
    encode::{exposition, otlp},
    snapshot::Snapshot,
    store::{ConsumerId, Store, TemporalityPreference},
};

use super::{Peer, Reach, Scrape, lap};
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
    reader: StoreReader,
    streams: Arc<Streams>,
    store: Mutex<Store>,
    consumer: ConsumerId,
    _provider: SdkMeterProvider,
}

impl Pipeline {
    fn start(limit: usize) -> Self {
        let mut options = GateOptions::default();
        options.limit = limit;
        let streams = Streams::new(options);
        let plans = streams.clone();
        let view = sdk_view(Arc::new(move |scope: &_, name: &str, unit: &str, kind| {
            plans.plan_of(scope, name, unit, kind)
        }));
        let reader = StoreReader::new();
        let provider = SdkMeterProvider::builder()
            .with_view(view)
            .with_reader(reader.clone())
            .build();
        let inner: Arc<dyn MeterProvider + Send + Sync> = Arc::new(provider.clone());
        install(Arc::new(Gate::new(streams.clone(), inner)));
        let mut store = Store::new();
        let consumer = store.register(TemporalityPreference::Cumulative);
        Self {
            reader,
            streams,
            store: Mutex::new(store),
            consumer,
            _provider: provider,
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

    /// The whole collection, and what a consumer sees of it.
    fn collect(&self, scrape: &mut Scrape, time: &mut Instant) -> Result<Snapshot> {
        let pipeline = &self.pipeline;
        let mut store = pipeline
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut metrics = ResourceMetrics::default();
        let began = SystemTime::now();
        pipeline.reader.collect(&mut metrics)?;
        scrape.collect = lap(time);
        let collected = convert(&metrics, began, &*pipeline.streams, &store);
        store.ingest(collected);
        drop(metrics);
        let snapshot = Snapshot {
            resource: Arc::default(),
            scopes: store.snapshot(pipeline.consumer),
        };
        scrape.arrange = lap(time);
        Ok(snapshot)
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
        let (mut scrape, mut time) = (Scrape::default(), Instant::now());
        let snapshot = self.collect(&mut scrape, &mut time)?;
        scrape.body = match self.format() {
            Format::OpenMetrics => exposition::openmetrics(&snapshot).body.into_bytes(),
            Format::Text => exposition::text(&snapshot).body.into_bytes(),
            Format::Otlp => otlp::encode(&snapshot),
        };
        scrape.encode = lap(&mut time);
        Ok(scrape)
    }

    fn total(&self, scrape: &Scrape) -> Result<f64> {
        match self.format() {
            Format::Otlp => readings::in_message(&scrape.body, self.kind),
            _ => readings::in_page(&scrape.body, self.kind),
        }
    }

    fn kind(&self) -> Kind {
        self.kind
    }
}
