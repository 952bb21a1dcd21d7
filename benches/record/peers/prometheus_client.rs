//! `prometheus-client`.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use crate::{
    case::Case,
    labels::{LabelSets, LabelValues},
    peer::Peer,
    readings::in_text,
    row::Row,
    work::{BUCKETS, Work, value},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    route: String,
    status: String,
}

impl Labels {
    fn new(of: LabelValues<'_>) -> Self {
        Self {
            method: of.method.to_owned(),
            route: of.route.to_owned(),
            status: of.status.to_owned(),
        }
    }
}

type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

pub(crate) fn case(row: &Row) -> Option<Case> {
    let metric = row.metric;
    let sets = LabelSets::new(row.sets);
    let fixed = Labels::new(sets.of(0));
    let counters = Family::<Labels, Counter>::default();
    let histograms = Histograms::new_with_constructor(|| Histogram::new(BUCKETS));
    Some(match row.work {
        Work::Counter => {
            let counter = counters.get_or_create_owned(&fixed);
            read_back(counters, metric, move |_| {
                counter.inc();
            })
        }
        Work::CounterLabelled => {
            let record = counters.clone();
            read_back(counters, metric, move |at| {
                record.get_or_create(&Labels::new(sets.of(at))).inc();
            })
        }
        Work::Gauge => {
            let gauges = Family::<Labels, Gauge<f64, AtomicU64>>::default();
            let gauge = gauges.get_or_create_owned(&fixed);
            read_back(gauges, metric, move |at| {
                gauge.set(value(at));
            })
        }
        Work::Histogram => {
            let histogram = histograms.get_or_create_owned(&fixed);
            read_back(histograms, metric, move |at| histogram.observe(value(at)))
        }
        Work::HistogramLabelled => {
            let record = histograms.clone();
            read_back(histograms, metric, move |at| {
                let histogram = record.get_or_create(&Labels::new(sets.of(at)));
                histogram.observe(value(at));
            })
        }
        Work::Timer => {
            let histogram = histograms.get_or_create_owned(&fixed);
            read_back(histograms, metric, move |_| {
                let start = Instant::now();
                histogram.observe(start.elapsed().as_secs_f64());
            })
        }
        _ => return None,
    })
}

fn read_back(
    family: impl Metric,
    metric: &'static str,
    record: impl Fn(usize) + Sync + 'static,
) -> Case {
    let mut registry = Registry::default();
    // It adds the suffix of a counter itself.
    let name = metric.strip_suffix("_total").unwrap_or(metric);
    registry.register(name, "Measured", family);
    let registry = Arc::new(registry);
    let recorded = move || {
        let mut text = String::new();
        let _ = encode(&mut text, &registry);
        in_text(&text, metric)
    };
    Case::new(Peer::PrometheusClient, record, recorded)
}
