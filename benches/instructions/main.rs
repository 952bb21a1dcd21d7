//! Makes so many records of one kind: `instructions KIND COUNT`. A test counts what it takes under callgrind.

#[path = "../record/peers/call.rs"]
#[expect(dead_code, reason = "the table asks how often it ran")]
mod call;
#[path = "../record/readings.rs"]
#[expect(dead_code, reason = "other peers need the rest of it")]
mod readings;
#[path = "../record/result.rs"]
mod result;
#[path = "../record/setting.rs"]
mod setting;

use std::{convert::Infallible, hint::black_box, io::Write, ops::Range};

use prometheus::Registry;
use runar_otel::{
    Aggregation, Counter, Gauge, Histogram, Sampler, Telemetry, View, prelude::metered,
};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    call::{Body, poll},
    result::Result,
    setting::Setting,
};

const LABELS: [(&str, &str); 3] = [
    ("method", "GET"),
    ("route", "/orders/{id}"),
    ("status", "200"),
];

/// More label sets than a metric or a function may have.
const FULL: usize = 2_100;

/// Values of labels that come when there is no place left.
const BEYOND: [&str; 4] = ["beyond-1", "beyond-2", "beyond-3", "beyond-4"];

fn main() -> Result<()> {
    let [kind, count] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|found| format!("expected KIND COUNT, found {found:?}"))?;
    tracing_subscriber::registry()
        .with(runar_otel::layer())
        .init();
    let telemetry = runar_otel::builder()
        .metrics_exporters([])
        .traces_exporters([])
        // Without exporters no trace would begin here.
        .sampler(Sampler::ParentBasedAlwaysOn)
        .view(View::select("dropped_*").aggregation(Aggregation::Drop))
        .without_subscriber()
        // The comparison of clocks would be counted, too, and differs from run to run.
        .system_clock()
        .init()?;
    records(&kind, count.parse()?)?;
    let recorded = recorded(&telemetry)?;
    writeln!(std::io::stdout(), "{recorded}")?;
    Ok(())
}

/// `KIND` is what is recorded, then where: `histogram labels, sampled span`.
fn records(kind: &str, count: usize) -> Result<()> {
    let (what, place) = kind.split_once(", ").unwrap_or((kind, ""));
    let setting = match place {
        "" => Setting::Plain,
        "sampled span" => Setting::Sampled,
        "unsampled span" => Setting::Unsampled,
        _ => return Err(format!("no place {place:?}").into()),
    };
    let _inside = setting.enter()?;
    let each = 0..count;
    let body = Body::default();
    match what {
        "counter" => {
            let counter = counter("records_total");
            each.for_each(|_| counter.increment());
        }
        "counter labels" => {
            let counter = Counter::new("records_total", "Records").register();
            each.for_each(|_| counter.increment_with(&LABELS));
        }
        "gauge" => {
            let gauge = Gauge::new("records", "Records").register();
            // Reads back as the count.
            each.for_each(|at| gauge.set(seconds(at + 1)));
        }
        "histogram" => {
            let histogram = LABELS.iter().fold(
                Histogram::new("records_seconds", "Records"),
                |histogram, (name, value)| histogram.with_label(*name, *value),
            );
            let histogram = histogram.register();
            each.for_each(|at| histogram.observe(seconds(at % 8)));
        }
        "histogram labels" => {
            let histogram = Histogram::new("records_seconds", "Records").register();
            each.for_each(|at| histogram.observe_with(seconds(at % 8), &LABELS));
        }
        "counter beyond" => counter_beyond(each),
        "async call beyond" => call_beyond(&body, each),
        "dropped counter" => {
            let counter = counter("dropped_total");
            each.for_each(|_| counter.increment());
        }
        "async call" => each.for_each(|at| poll(without_span(&body, at))),
        "async call labels" => each.for_each(|at| poll(with_labels(&body, at, "GET", "200"))),
        "dropped async call" => each.for_each(|at| poll(dropped(&body, at))),
        "sync call" => each.for_each(|at| {
            black_box(at_once(&body, at)).unwrap_or_default();
        }),
        "async call with span" => each.for_each(|at| poll(with_span(&body, at))),
        _ => return Err(format!("no kind {what:?}").into()),
    }
    Ok(())
}

/// A metric has the place for 2000 label sets.
fn counter_beyond(each: Range<usize>) {
    let counter = Counter::new("records_total", "Records").register();
    let add = |value: &str| counter.increment_with(&[("method", "GET"), ("id", value)]);
    (0..FULL).for_each(|at| add(&at.to_string()));
    each.zip(BEYOND.iter().cycle())
        .for_each(|(_, value)| add(value));
}

/// And so has a function.
fn call_beyond(body: &Body, each: Range<usize>) {
    let call = |at, value: &str| poll(with_labels(body, at, "GET", value));
    (0..FULL).for_each(|at| call(at, &at.to_string()));
    let beyond = each.zip(BEYOND.iter().cycle());
    beyond.for_each(|(at, value)| call(at, value));
}

fn counter(name: &'static str) -> Counter {
    let counter = LABELS
        .iter()
        .fold(Counter::new(name, "Records"), |counter, (name, value)| {
            counter.with_label(*name, *value)
        });
    counter.register()
}

#[metered(name = "records", skip_span)]
async fn without_span(body: &Body, at: usize) -> std::result::Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "records", skip_span, labels = ["method", "status"])]
async fn with_labels(
    body: &Body,
    at: usize,
    method: &str,
    status: &str,
) -> std::result::Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "dropped", skip_span)]
async fn dropped(body: &Body, at: usize) -> std::result::Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "records", skip_span)]
fn at_once(body: &Body, at: usize) -> std::result::Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "records")]
async fn with_span(body: &Body, at: usize) -> std::result::Result<usize, Infallible> {
    body.run(at)
}

/// What arrived: the count of all that was recorded, or the value of the gauge.
fn recorded(telemetry: &Telemetry) -> Result<f64> {
    let registry = Registry::new();
    registry.register(Box::new(telemetry.prometheus_collector()))?;
    let names = [
        "records_total",
        "records",
        "records_seconds",
        "records_requests_total",
    ];
    let found = names
        .iter()
        .map(|name| readings::in_registry(&registry, name));
    Ok(found.sum())
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn seconds(of: usize) -> f64 {
    of as f64
}
