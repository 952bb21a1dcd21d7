//! `prometheus`.

use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, core::Collector,
};

use crate::{
    case::Case,
    labels::{LabelSets, LabelValues},
    peer::Peer,
    readings::in_registry,
    result::Result,
    row::Row,
    work::{BUCKETS, LABELS, Work, value},
};

pub(crate) fn case(row: &Row) -> Result<Option<Case>> {
    let metric = row.metric;
    let registry = Registry::new();
    let (names, fixed) = (LABELS.map(|(name, _)| name), LABELS.map(|(_, value)| value));
    let sets = LabelSets::new(row.sets);
    let observed = HistogramOpts::new(metric, "Duration").buckets(BUCKETS.into());
    let case = match row.work {
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
        _ => return Ok(None),
    };
    case.map(Some)
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

fn values(of: LabelValues<'_>) -> [&str; 3] {
    [of.method, of.route, of.status]
}
