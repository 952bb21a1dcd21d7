//! What attributes measure, through the real Collector, Prometheus and Jaeger: a shop whose calls end as told.

mod macros;
mod scraped;
mod spans;
mod table;
mod zero;

use std::time::Duration;

use serde_json::Value;
use support::{
    Result, Stack,
    client::Sample,
    poll::{self, Look},
};

use crate::application::Application;

const SOON: Duration = Duration::from_secs(30);

/// The shop; it pushes only when it is told to.
fn open(stack: &Stack) -> Application {
    Application::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &stack.otlp_http()),
        ("OTEL_METRIC_EXPORT_INTERVAL", "3600000"),
        ("OTEL_METRICS_EXPORTER", "otlp"),
    ])
}

/// Says lines, and what they were answered last: what was done so far.
fn tell(shop: &mut Application, lines: &[&str]) -> Value {
    let answers = lines.iter().map(|line| shop.tell(line));
    answers.last().unwrap_or_default()
}

fn flush(shop: &mut Application) {
    let flushed = shop.tell("flush");
    assert_eq!(flushed["error"], Value::Null, "{flushed}\n{}", shop.log());
}

/// Waits until a query returns just these series, each written as `label=value … number`.
fn says(stack: &Stack, query: &str, expected: &[&str]) -> Result<()> {
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    let what = format!("{query}: {sorted:?}");
    let prometheus = stack.prometheus();
    poll::until(&what, SOON, || match prometheus.query(query) {
        Ok(found) if lines(&found) == sorted => Look::Found(()),
        Ok(found) => Look::NotYet(format!("{:?}", lines(&found))),
        Err(error) => Look::Hopeless(error),
    })
}

fn lines(samples: &[Sample]) -> Vec<String> {
    let mut all: Vec<String> = samples.iter().map(line).collect();
    all.sort_unstable();
    all
}

fn line(sample: &Sample) -> String {
    let labels = sample.labels.iter();
    let mut words: Vec<String> = labels
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.push(sample.value.to_string());
    words.join(" ")
}
