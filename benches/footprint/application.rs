//! A small application under `init()`: records of each kind, by handle, macro and attribute.

use std::convert::Infallible;

use runar_otel::{
    Aggregation, Counter, Gauge, Histogram, Sampler, Telemetry, View, metrics, prelude::metered,
};

use crate::{
    Result,
    call::{Body, poll},
};

/// The kinds of records.
pub(crate) const WORKS: [&str; 7] = [
    "counter, handle",
    "histogram, handle",
    "gauge, handle",
    "counter, 3 labels per call",
    "counter, macro",
    "async call",
    "async call, two labels",
];

const LABELS: [(&str, &str); 3] = [("method", "GET"), ("route", "/orders/7"), ("status", "200")];

/// The metered call that a view drops.
pub(crate) const DROPPED: &str = "async call, dropped by a view";

pub(crate) struct Application {
    counter: Counter,
    histogram: Histogram,
    gauge: Gauge,
    body: Body,
    _telemetry: Telemetry,
}

impl Application {
    pub(crate) fn start() -> Result<Self> {
        let telemetry = runar_otel::builder()
            .metrics_exporters([])
            .traces_exporters([])
            // Without exporters no trace would begin here.
            .sampler(Sampler::ParentBasedAlwaysOn)
            .view(View::select("dropped_*").aggregation(Aggregation::Drop))
            .without_subscriber()
            .init()?;
        Ok(Self {
            counter: Counter::new("orders_total", "Orders").register(),
            histogram: Histogram::new("order_seconds", "Duration").register(),
            gauge: Gauge::new("orders_open", "Open").register(),
            body: Body::default(),
            _telemetry: telemetry,
        })
    }

    /// Records once; 0 if there is no such work.
    pub(crate) fn record(&self, work: &str) -> usize {
        match work {
            "counter, handle" => self.counter.increment(),
            "histogram, handle" => self.histogram.observe(0.3),
            "gauge, handle" => self.gauge.set(1.0),
            "counter, 3 labels per call" => self.counter.increment_with(&LABELS),
            "counter, macro" => metrics::increment!("orders_by_macro_total"),
            "async call" => poll(call(&self.body)),
            "async call, two labels" => poll(call_with_labels(&self.body, "GET", "200")),
            DROPPED => poll(dropped_call(&self.body)),
            _ => return 0,
        }
        1
    }

    /// Records once of each kind.
    pub(crate) fn record_all(&self) {
        for work in WORKS {
            self.record(work);
        }
    }
}

#[metered(name = "orders", skip_span)]
async fn call(body: &Body) -> std::result::Result<usize, Infallible> {
    body.run(1)
}

#[metered(name = "labelled", skip_span, labels = ["method", "status"])]
async fn call_with_labels(
    body: &Body,
    method: &str,
    status: &str,
) -> std::result::Result<usize, Infallible> {
    body.run(1)
}

#[metered(name = "dropped", skip_span)]
async fn dropped_call(body: &Body) -> std::result::Result<usize, Infallible> {
    body.run(1)
}
