//! `runar-otel`.

use prometheus::Registry;
use runar_otel::{Counter, Gauge, Histogram, Telemetry, Timer, exemplar::ExemplarFilter};

use super::Peer;
use crate::{
    Result,
    measure::Case,
    readings::in_registry,
    work::{BUCKETS, LABELS, LabelSets, LabelValues, Work, value},
};

/// Our telemetry, which runs while this lives.
pub(crate) struct Ours {
    registry: Registry,
    _telemetry: Telemetry,
}

impl Ours {
    pub(crate) fn start(filter: ExemplarFilter) -> Result<Self> {
        let telemetry = runar_otel::builder()
            .metrics_exporters([])
            .traces_exporters([])
            .exemplar_filter(filter)
            .without_subscriber()
            .init()?;
        let registry = Registry::new();
        registry.register(Box::new(telemetry.prometheus_collector()))?;
        Ok(Self {
            registry,
            _telemetry: telemetry,
        })
    }

    pub(crate) fn case(&self, work: Work, metric: &'static str) -> Case {
        let registry = self.registry.clone();
        let recorded = move || in_registry(&registry, metric);
        let sets = LabelSets::new();
        match work {
            Work::Counter => {
                let counter = Counter::new(metric, "Requests");
                let counter = LABELS
                    .iter()
                    .fold(counter, |counter, (name, value)| {
                        counter.with_label(*name, *value)
                    })
                    .register();
                Case::new(Peer::Ours, move |_| counter.increment(), recorded)
            }
            Work::CounterLabelled => {
                let counter = Counter::new(metric, "Requests").register();
                let record = move |at| counter.increment_with(&labels(sets.of(at)));
                Case::new(Peer::Ours, record, recorded)
            }
            Work::Gauge => {
                let gauge = Gauge::new(metric, "Level");
                let gauge = LABELS
                    .iter()
                    .fold(gauge, |gauge, (name, value)| {
                        gauge.with_label(*name, *value)
                    })
                    .register();
                Case::new(Peer::Ours, move |at| gauge.set(value(at)), recorded)
            }
            Work::Histogram => {
                let histogram = Histogram::new(metric, "Duration").with_buckets(BUCKETS.into());
                let histogram = LABELS
                    .iter()
                    .fold(histogram, |one, (name, value)| {
                        one.with_label(*name, *value)
                    })
                    .register();
                Case::new(Peer::Ours, move |at| histogram.observe(value(at)), recorded)
            }
            Work::HistogramLabelled => {
                let histogram = Histogram::new(metric, "Duration")
                    .with_buckets(BUCKETS.into())
                    .register();
                let record = move |at| histogram.observe_with(value(at), &labels(sets.of(at)));
                Case::new(Peer::Ours, record, recorded)
            }
            Work::Timer => {
                let timer = Timer::new(metric, "Duration").with_buckets(BUCKETS.into());
                let timer = LABELS
                    .iter()
                    .fold(timer, |timer, (name, value)| {
                        timer.with_label(*name, *value)
                    })
                    .register();
                let record = move |_| {
                    timer.start().stop();
                };
                Case::new(Peer::Ours, record, recorded)
            }
        }
    }
}

fn labels(of: &LabelValues) -> [(&str, &str); 3] {
    [
        ("method", of.method.as_str()),
        ("route", of.route.as_str()),
        ("status", of.status.as_str()),
    ]
}
