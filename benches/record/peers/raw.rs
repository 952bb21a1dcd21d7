//! `opentelemetry_sdk` as it is.

use std::time::Instant;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, Meter, MeterProvider, noop::NoopMeterProvider},
};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream};
use prometheus::Registry;

use crate::{
    case::Case,
    labels::{LabelSets, LabelValues},
    peer::Peer,
    readings::in_registry,
    regime::{DROPPED, LIMIT, RAISED_LIMIT, Regime},
    result::Result,
    row::Row,
    work::{BUCKETS, LABELS, Work, value},
};

/// A provider that is read by the SDK's exporter for Prometheus.
pub(crate) struct Raw {
    registry: Registry,
    meter: Meter,
    _provider: SdkMeterProvider,
}

impl Raw {
    pub(crate) fn start(regime: Regime) -> Result<Self> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // Our names have theirs already.
            .without_counter_suffixes()
            .build()?;
        let provider = SdkMeterProvider::builder()
            .with_reader(exporter)
            .with_view(move |instrument: &Instrument| view(regime, instrument))
            .build();
        let meter = match regime {
            // The SDK for Rust does not know the variable: who heeds it sets no provider.
            Regime::SdkDisabled => NoopMeterProvider::new().meter("record"),
            _ => provider.meter("record"),
        };
        Ok(Self {
            registry,
            meter,
            _provider: provider,
        })
    }

    /// With attributes in each call.
    pub(crate) fn case(&self, row: &Row) -> Option<Case> {
        let metric = row.metric;
        let (fixed, sets) = (LABELS.map(attribute), LabelSets::new(row.sets));
        let recorded = self.recorded(metric);
        Some(match row.work {
            Work::Counter => {
                let counter = self.counter(metric);
                Case::new(Peer::Raw, move |_| counter.add(1, &fixed), recorded)
            }
            Work::CounterLabelled => {
                let counter = self.counter(metric);
                let record = move |at| counter.add(1, &attributes(sets.of(at)));
                Case::new(Peer::Raw, record, recorded)
            }
            Work::CounterBeyond => {
                let counter = self.counter(metric);
                let (known, beyond) = (LabelSets::new(LIMIT), LabelSets::beyond(LIMIT, row.sets));
                (0..LIMIT).for_each(|at| counter.add(1, &attributes(known.of(at))));
                let record = move |at| counter.add(1, &attributes(beyond.of(at)));
                Case::new(Peer::Raw, record, recorded).after(LIMIT)
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
            Work::Call | Work::LabelledCall | Work::SpannedCall => return None,
        })
    }

    /// With attributes bound before. Where they are known only at the call, the SDK leaves it to the application to
    /// find the bound instrument.
    pub(crate) fn bound_case(&self, row: &Row) -> Option<Case> {
        // The other column records under the plain name.
        let metric = bound_name(row.metric);
        let fixed = LABELS.map(attribute);
        let recorded = self.recorded(metric);
        Some(match row.work {
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
            _ => return None,
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
    match metric.strip_prefix(DROPPED) {
        Some(rest) => String::leak(format!("{DROPPED}bound_{rest}")),
        None => String::leak(format!("bound_{metric}")),
    }
}

/// As ours: some metrics are dropped, and the limit of label sets may be raised.
fn view(regime: Regime, instrument: &Instrument) -> Option<Stream> {
    let stream = Stream::builder();
    if instrument.name().starts_with(DROPPED) {
        stream.with_aggregation(Aggregation::Drop).build().ok()
    } else if regime == Regime::Many {
        stream.with_cardinality_limit(RAISED_LIMIT).build().ok()
    } else {
        None
    }
}

fn attribute((name, value): (&'static str, &'static str)) -> KeyValue {
    KeyValue::new(name, value)
}

fn attributes(of: LabelValues<'_>) -> [KeyValue; 3] {
    [
        KeyValue::new("method", of.method.to_owned()),
        KeyValue::new("route", of.route.to_owned()),
        KeyValue::new("status", of.status.to_owned()),
    ]
}
