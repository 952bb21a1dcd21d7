//! `prometheus`.

use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, core::Collector,
};

use super::Peer;
use crate::{
    Result,
    measure::Case,
    readings::in_registry,
    work::{BUCKETS, LABELS, LabelSets, LabelValues, Work, value},
};

pub(crate) fn case(work: Work, metric: &'static str) -> Result<Case> {
    let registry = Registry::new();
    let (names, fixed) = (LABELS.map(|(name, _)| name), LABELS.map(|(_, value)| value));
    let sets = LabelSets::new();
    let observed = HistogramOpts::new(metric, "Duration").buckets(BUCKETS.into());
    match work {
        Work::Counter => {
            let counters = IntCounterVec::new(Opts::new(metric, "Requests"), &names)?;
            let counter = counters.with_label_values(&fixed);
            read_back(&registry, counters, metric, move |_| counter.inc())
        }
        Work::CounterLabelled => {
            let counters = IntCounterVec::new(Opts::new(metric, "Requests"), &names)?;
            let record = counters.clone();
            read_back(&registry, counters, metric, move |at| {
                record.with_label_values(&values(sets.of(at))).inc();
            })
        }
        Work::Gauge => {
            let gauges = GaugeVec::new(Opts::new(metric, "Level"), &names)?;
            let gauge = gauges.with_label_values(&fixed);
            read_back(&registry, gauges, metric, move |at| gauge.set(value(at)))
        }
        Work::Histogram => {
            let histograms = HistogramVec::new(observed, &names)?;
            let histogram = histograms.with_label_values(&fixed);
            read_back(&registry, histograms, metric, move |at| {
                histogram.observe(value(at));
            })
        }
        Work::HistogramLabelled => {
            let histograms = HistogramVec::new(observed, &names)?;
            let record = histograms.clone();
            read_back(&registry, histograms, metric, move |at| {
                let histogram = record.with_label_values(&values(sets.of(at)));
                histogram.observe(value(at));
            })
        }
        Work::Timer => {
            let histograms = HistogramVec::new(observed, &names)?;
            let histogram = histograms.with_label_values(&fixed);
            read_back(&registry, histograms, metric, move |_| {
                histogram.start_timer().stop_and_record();
            })
        }
    }
}

fn read_back(
    registry: &Registry,
    family: impl Collector + 'static,
    metric: &'static str,
    record: impl Fn(usize) + Sync + 'static,
) -> Result<Case> {
    registry.register(Box::new(family))?;
    let registry = registry.clone();
    let recorded = move || in_registry(&registry, metric);
    Ok(Case::new(Peer::Prometheus, record, recorded))
}

fn values(of: &LabelValues) -> [&str; 3] {
    [&of.method, &of.route, &of.status]
}
