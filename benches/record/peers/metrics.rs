//! `metrics` with `metrics-exporter-prometheus`.

use std::time::Instant;

use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{
    case::Case,
    labels::LabelSets,
    peer::Peer,
    readings::in_text,
    result::Result,
    row::Row,
    work::{BUCKETS, LABELS, Work, value},
};

/// The recorder of the process.
pub(crate) struct Metrics(PrometheusHandle);

impl Metrics {
    pub(crate) fn start() -> Result<Self> {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)?;
        Ok(Self(handle))
    }

    pub(crate) fn case(&self, row: &Row) -> Option<Case> {
        let upkeep = self.0.clone();
        // Observed values wait until a scrape or this puts them into their buckets; `install()` does it on a thread of
        // its own, every five seconds.
        let case = self.records(row)?;
        Some(case.with_upkeep(move || upkeep.run_upkeep()))
    }

    fn records(&self, row: &Row) -> Option<Case> {
        let metric = row.metric;
        let handle = self.0.clone();
        let recorded = move || in_text(&handle.render(), metric);
        let sets = LabelSets::new(row.sets);
        Some(match row.work {
            Work::Counter => {
                let counter = counter!(metric, &LABELS);
                Case::new(Peer::Metrics, move |_| counter.increment(1), recorded)
            }
            Work::CounterLabelled => {
                let record = move |at| {
                    let of = sets.of(at);
                    counter!(metric, "method" => of.method.to_owned(), "route" => of.route.to_owned(), "status" => of.status.to_owned())
                        .increment(1);
                };
                Case::new(Peer::Metrics, record, recorded)
            }
            Work::Gauge => {
                let gauge = gauge!(metric, &LABELS);
                Case::new(Peer::Metrics, move |at| gauge.set(value(at)), recorded)
            }
            Work::Histogram => {
                let histogram = histogram!(metric, &LABELS);
                let record = move |at| histogram.record(value(at));
                Case::new(Peer::Metrics, record, recorded)
            }
            Work::HistogramLabelled => {
                let record = move |at| {
                    let of = sets.of(at);
                    histogram!(metric, "method" => of.method.to_owned(), "route" => of.route.to_owned(), "status" => of.status.to_owned())
                        .record(value(at));
                };
                Case::new(Peer::Metrics, record, recorded)
            }
            Work::Timer => {
                let histogram = histogram!(metric, &LABELS);
                let record = move |_| {
                    let start = Instant::now();
                    histogram.record(start.elapsed().as_secs_f64());
                };
                Case::new(Peer::Metrics, record, recorded)
            }
            _ => return None,
        })
    }
}
