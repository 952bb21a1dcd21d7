//! `opentelemetry_sdk` with the readers and encoders that others made for it.

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, BoundGauge, BoundHistogram, Counter, Gauge, Histogram, MeterProvider},
};
use opentelemetry_prometheus_text_exporter::PrometheusExporter as TextExporter;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::metrics::{
    ManualReader, Pipeline, SdkMeterProvider, Stream, data::ResourceMetrics, reader::MetricReader,
};
use prometheus::{Encoder as _, Registry, TextEncoder};
use prost::Message as _;

use super::{Moment, Peer, Reach, Scrape};
use crate::{
    Result, readings,
    series::{BUCKETS, Kind, Labels, VALUE},
};

/// By what it is read.
pub(crate) enum Reading {
    /// `opentelemetry-prometheus` and the encoder of `prometheus`.
    Registry(Registry),
    /// `opentelemetry-prometheus-text-exporter`
    Text(TextExporter),
    /// The conversion of `opentelemetry-proto`, as `opentelemetry-otlp` sends it.
    Otlp(Shared),
}

/// A reader that two have.
#[derive(Clone, Debug)]
pub(crate) struct Shared(std::sync::Arc<ManualReader>);

impl Shared {
    pub(crate) fn new() -> Self {
        Self(std::sync::Arc::new(ManualReader::builder().build()))
    }
}

impl MetricReader for Shared {
    fn register_pipeline(&self, pipeline: std::sync::Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }
    fn collect(&self, metrics: &mut ResourceMetrics) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.collect(metrics)
    }
    fn force_flush(&self) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.force_flush()
    }
    fn shutdown_with_timeout(
        &self,
        timeout: std::time::Duration,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }
    fn temporality(
        &self,
        kind: opentelemetry_sdk::metrics::InstrumentKind,
    ) -> opentelemetry_sdk::metrics::Temporality {
        self.0.temporality(kind)
    }
}

/// A metric of the SDK.
pub(crate) struct Raw {
    kind: Kind,
    labels: Vec<Labels>,
    instrument: Instrument,
    bound: Bound,
    reading: Reading,
    _provider: SdkMeterProvider,
}

enum Instrument {
    Counter(Counter<u64>),
    Gauge(Gauge<f64>),
    Histogram(Histogram<f64>),
}

enum Bound {
    Nothing,
    Counters(Vec<BoundCounter<u64>>),
    Gauges(Vec<BoundGauge<f64>>),
    Histograms(Vec<BoundHistogram<f64>>),
}

impl Raw {
    /// Makes the metric and records once into each series.
    pub(crate) fn start(
        kind: Kind,
        reach: Reach,
        series: usize,
        limit: usize,
        reading: Option<Reading>,
    ) -> Result<Self> {
        let view = move |_: &_| Stream::builder().with_cardinality_limit(limit).build().ok();
        let builder = SdkMeterProvider::builder().with_view(view);
        let (builder, reading) = match reading {
            None => {
                let registry = Registry::new();
                let reader = opentelemetry_prometheus::exporter()
                    .with_registry(registry.clone())
                    .without_counter_suffixes()
                    .without_units()
                    .build()?;
                (builder.with_reader(reader), Reading::Registry(registry))
            }
            Some(Reading::Text(reader)) => {
                (builder.with_reader(reader.clone()), Reading::Text(reader))
            }
            Some(Reading::Otlp(reader)) => {
                (builder.with_reader(reader.clone()), Reading::Otlp(reader))
            }
            Some(registry) => (builder, registry),
        };
        let provider = builder.build();
        let meter = provider.meter("collect");
        let name = kind.metric();
        let instrument = match kind {
            Kind::Counter => Instrument::Counter(meter.u64_counter(name).build()),
            Kind::Gauge => Instrument::Gauge(meter.f64_gauge(name).build()),
            Kind::Histogram => Instrument::Histogram(
                meter
                    .f64_histogram(name)
                    .with_boundaries(BUCKETS.into())
                    .build(),
            ),
        };
        let sets = || (0..series).map(|at| attributes(&Labels::of(at)));
        let (labels, bound) = match (reach, &instrument) {
            (Reach::Labels, _) => ((0..series).map(Labels::of).collect(), Bound::Nothing),
            (_, Instrument::Counter(one)) => (
                Vec::new(),
                Bound::Counters(sets().map(|set| one.bind(&set)).collect()),
            ),
            (_, Instrument::Gauge(one)) => (
                Vec::new(),
                Bound::Gauges(sets().map(|set| one.bind(&set)).collect()),
            ),
            (_, Instrument::Histogram(one)) => (
                Vec::new(),
                Bound::Histograms(sets().map(|set| one.bind(&set)).collect()),
            ),
        };
        let own = Self {
            kind,
            labels,
            instrument,
            bound,
            reading,
            _provider: provider,
        };
        own.touch();
        Ok(own)
    }

    fn record_with(&self, labels: &Labels) {
        let attributes = attributes(labels);
        match &self.instrument {
            Instrument::Counter(counter) => counter.add(1, &attributes),
            Instrument::Gauge(gauge) => gauge.record(1.0, &attributes),
            Instrument::Histogram(histogram) => histogram.record(VALUE, &attributes),
        }
    }
}

impl Peer for Raw {
    fn touch(&self) {
        match &self.bound {
            Bound::Counters(counters) => counters.iter().for_each(|one| one.add(1)),
            Bound::Gauges(gauges) => gauges.iter().for_each(|one| one.record(1.0)),
            Bound::Histograms(all) => all.iter().for_each(|one| one.record(VALUE)),
            Bound::Nothing => self
                .labels
                .iter()
                .for_each(|labels| self.record_with(labels)),
        }
    }

    fn record(&self, series: usize) {
        match &self.bound {
            Bound::Counters(counters) => {
                counters.get(series).into_iter().for_each(|one| one.add(1));
            }
            Bound::Gauges(gauges) => gauges
                .get(series)
                .into_iter()
                .for_each(|one| one.record(1.0)),
            Bound::Histograms(all) => all
                .get(series)
                .into_iter()
                .for_each(|one| one.record(VALUE)),
            Bound::Nothing => self
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
        match &self.reading {
            Reading::Registry(registry) => {
                let families = registry.gather();
                scrape.collect = time.lap();
                TextEncoder::new().encode(&families, &mut scrape.body)?;
                scrape.encode = time.lap();
            }
            Reading::Text(exporter) => {
                // It collects and writes in one: what a collection takes is taken off.
                exporter.export(&mut scrape.body)?;
                let whole = time.lap();
                MetricReader::collect(exporter, &mut ResourceMetrics::default())?;
                scrape.collect = time.lap().min(whole);
                scrape.encode = whole - scrape.collect;
            }
            Reading::Otlp(reader) => {
                let mut metrics = ResourceMetrics::default();
                reader.collect(&mut metrics)?;
                scrape.collect = time.lap();
                scrape.body = ExportMetricsServiceRequest::from(&metrics).encode_to_vec();
                scrape.encode = time.lap();
            }
        }
        Ok(scrape)
    }

    fn total(&self, scrape: &Scrape) -> Result<f64> {
        match self.reading {
            Reading::Otlp(_) => readings::in_message(&scrape.body, self.kind),
            _ => readings::in_page(&scrape.body, self.kind),
        }
    }

    fn kind(&self) -> Kind {
        self.kind
    }
}

fn attributes(of: &Labels) -> [KeyValue; 3] {
    [
        KeyValue::new("method", of.method.to_owned()),
        KeyValue::new("route", of.route.clone()),
        KeyValue::new("status", of.status.to_owned()),
    ]
}
