//! `opentelemetry_sdk` as it is.

use std::time::Instant;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::Registry;

use super::Peer;
use crate::{
    Result,
    measure::Case,
    readings::in_registry,
    work::{BUCKETS, LABELS, LabelSets, LabelValues, Work, value},
};

/// A provider that is read by the SDK's exporter for Prometheus.
pub(crate) struct Raw {
    registry: Registry,
    meter: Meter,
    _provider: SdkMeterProvider,
}

impl Raw {
    pub(crate) fn start() -> Result<Self> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // Our names have theirs already.
            .without_counter_suffixes()
            .build()?;
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        Ok(Self {
            registry,
            meter: provider.meter("record"),
            _provider: provider,
        })
    }

    /// With attributes in each call.
    pub(crate) fn case(&self, work: Work, metric: &'static str) -> Case {
        let (fixed, sets) = (LABELS.map(attribute), LabelSets::new());
        let recorded = self.recorded(metric);
        match work {
            Work::Counter => {
                let counter = self.counter(metric);
                Case::new(Peer::Raw, move |_| counter.add(1, &fixed), recorded)
            }
            Work::CounterLabelled => {
                let counter = self.counter(metric);
                let record = move |at| counter.add(1, &attributes(sets.of(at)));
                Case::new(Peer::Raw, record, recorded)
            }
            Work::Gauge => {
                let gauge = self.gauge(metric);
                let record = move |at| gauge.record(value(at), &fixed);
                Case::new(Peer::Raw, record, recorded)
            }
            Work::Histogram => {
                let histogram = self.histogram(metric);
                let record = move |at| histogram.record(value(at), &fixed);
                Case::new(Peer::Raw, record, recorded)
            }
            Work::HistogramLabelled => {
                let histogram = self.histogram(metric);
                let record = move |at| histogram.record(value(at), &attributes(sets.of(at)));
                Case::new(Peer::Raw, record, recorded)
            }
            Work::Timer => {
                let histogram = self.histogram(metric);
                let record = move |_| {
                    let start = Instant::now();
                    histogram.record(start.elapsed().as_secs_f64(), &fixed);
                };
                Case::new(Peer::Raw, record, recorded)
            }
        }
    }

    /// With attributes bound before. Where they are known only at the call, the SDK leaves it to the application to
    /// find the bound instrument.
    pub(crate) fn bound_case(&self, work: Work, metric: &'static str) -> Option<Case> {
        // The other column records under the plain name.
        let metric = bound_name(metric);
        let fixed = LABELS.map(attribute);
        let recorded = self.recorded(metric);
        Some(match work {
            Work::Counter => {
                let counter = self.counter(metric).bind(&fixed);
                Case::new(Peer::RawBound, move |_| counter.add(1), recorded)
            }
            Work::Gauge => {
                let gauge = self.gauge(metric).bind(&fixed);
                let record = move |at| gauge.record(value(at));
                Case::new(Peer::RawBound, record, recorded)
            }
            Work::Histogram => {
                let histogram = self.histogram(metric).bind(&fixed);
                let record = move |at| histogram.record(value(at));
                Case::new(Peer::RawBound, record, recorded)
            }
            Work::Timer => {
                let histogram = self.histogram(metric).bind(&fixed);
                let record = move |_| {
                    let start = Instant::now();
                    histogram.record(start.elapsed().as_secs_f64());
                };
                Case::new(Peer::RawBound, record, recorded)
            }
            Work::CounterLabelled | Work::HistogramLabelled => return None,
        })
    }

    fn counter(&self, metric: &'static str) -> Counter<u64> {
        self.meter.u64_counter(metric).build()
    }

    fn gauge(&self, metric: &'static str) -> Gauge<f64> {
        self.meter.f64_gauge(metric).build()
    }

    fn histogram(&self, metric: &'static str) -> Histogram<f64> {
        let histogram = self.meter.f64_histogram(metric);
        histogram.with_boundaries(BUCKETS.into()).build()
    }

    fn recorded(&self, metric: &'static str) -> impl Fn() -> f64 + use<> {
        let registry = self.registry.clone();
        move || in_registry(&registry, metric)
    }
}

fn bound_name(metric: &str) -> &'static str {
    String::leak(format!("bound_{metric}"))
}

fn attribute((name, value): (&'static str, &'static str)) -> KeyValue {
    KeyValue::new(name, value)
}

fn attributes(of: &LabelValues) -> [KeyValue; 3] {
    [
        KeyValue::new("method", of.method.clone()),
        KeyValue::new("route", of.route.clone()),
        KeyValue::new("status", of.status.clone()),
    ]
}
