//! The spine: a bucket's exemplar leads to the trace of a call that fell into it, on every way.

use std::time::Duration;

use serde_json::Value;
use support::{
    Result, Stack,
    client::{Exemplar, ExemplarSeries},
    ports,
};

use crate::application::{Application, number};

const SOON: Duration = Duration::from_secs(60);
const DURATION: &str = "app_order_duration_seconds";

/// Upper bounds of the semantic conventions; the application's durations lie in the middle of their buckets.
pub(crate) const BOUNDS: [f64; 15] = [
    0.0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

fn with_trace(found: &[ExemplarSeries]) -> Option<(f64, Exemplar)> {
    found.iter().find_map(|series| {
        let bound = series.series_labels.get("le")?.parse().ok()?;
        let exemplar = series
            .exemplars
            .iter()
            .find(|one| one.labels.contains_key("trace_id"))?;
        Some((bound, exemplar.clone()))
    })
}

/// Follows the exemplar of a bucket to its span in Jaeger and compares the two.
fn bucket_leads_to_span(stack: &Stack, metric: &str, span: &str) -> Result<()> {
    let query = format!("{metric}_bucket");
    let arrived = |found: &[ExemplarSeries]| with_trace(found).is_some();
    let found = stack
        .prometheus()
        .wait_for_exemplars(&query, SOON, arrived)?;
    let (bound, exemplar) = with_trace(&found).expect("waited for");
    let lower = BOUNDS
        .iter()
        .copied()
        .filter(|lower| *lower < bound)
        .fold(f64::NEG_INFINITY, f64::max);
    assert!(
        lower < exemplar.value && exemplar.value <= bound,
        "{exemplar:?} in ({lower}, {bound}]"
    );

    let (trace_id, span_id) = (&exemplar.labels["trace_id"], &exemplar.labels["span_id"]);
    let served = stack.jaeger().wait_for_trace(trace_id, SOON, |trace| {
        trace.spans.iter().any(|span| span.span_id == *span_id)
    })?;
    let linked = served
        .spans
        .iter()
        .find(|span| span.span_id == *span_id)
        .expect("waited for");
    assert_eq!(linked.name, span);
    let seconds = linked.duration.as_secs_f64();
    assert!(
        lower < seconds && seconds <= bound,
        "span of {seconds} s, bucket ({lower}, {bound}]"
    );
    assert!(
        (seconds - exemplar.value).abs() < 0.002,
        "span {seconds}, recorded {}",
        exemplar.value
    );
    Ok(())
}

fn totals_agree(stack: &Stack, ledger: &Value) -> Result<()> {
    let taken = number(ledger, "taken");
    let value = |query: &str| -> Result<f64> {
        let found = stack.prometheus().wait_for(query, SOON, |found| {
            found.first().is_some_and(|sample| sample.value > 0.0)
        })?;
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        Ok(found[0].value)
    };
    let reached = |found: &[support::client::Sample]| {
        found
            .first()
            .is_some_and(|sample| (sample.value - taken).abs() < 0.5)
    };
    stack
        .prometheus()
        .wait_for("sum(app_orders_total)", SOON, reached)?;
    assert!((value(&format!("{DURATION}_count"))? - taken).abs() < f64::EPSILON);
    assert!((value(&format!("{DURATION}_sum"))? - number(ledger, "seconds")).abs() < 1e-6);
    assert!((value("sum(app_share_ratio_sum)")? - taken * 0.25).abs() < 1e-9);
    assert!((value("app_last_order")? - (taken - 1.0)).abs() < f64::EPSILON);
    assert!((value("sum(legacy_total)")? - 7.0).abs() < f64::EPSILON);
    // The same names and values whichever way they came.
    assert!((value("app_load_ratio")? - 0.5).abs() < f64::EPSILON);
    let unknown = stack.prometheus().query("app_unknown")?;
    assert!(
        unknown.len() == 1 && unknown[0].value.is_nan(),
        "{unknown:?}"
    );
    let names = stack
        .prometheus()
        .query(r#"count by (__name__) ({__name__=~"app_.+|legacy.+"})"#)?;
    let doubled = |name: &str| {
        ["_total_total", "_seconds_seconds", "_ratio_ratio"]
            .iter()
            .any(|twice| name.contains(twice))
    };
    assert!(
        names
            .iter()
            .all(|sample| !doubled(&sample.labels["__name__"])),
        "{names:?}"
    );
    Ok(())
}

fn pushed(protocol: &str, endpoint: &str, stack: &Stack) -> Result<()> {
    let mut application = Application::start(&[
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "3600000"),
        ("OTEL_METRICS_EXPORTER", "otlp"),
    ]);
    let ledger = application.tell("orders 12");
    application.tell("foreign 4");
    let flushed = application.tell("flush");
    assert_eq!(
        flushed["error"],
        Value::Null,
        "{flushed}\n{}",
        application.log()
    );

    totals_agree(stack, &ledger)?;
    bucket_leads_to_span(stack, DURATION, DURATION)?;

    let foreign = "http_server_request_duration_seconds";
    let count = format!("sum({foreign}_count)");
    stack.prometheus().wait_for(&count, SOON, |found| {
        found
            .first()
            .is_some_and(|sample| (sample.value - 4.0).abs() < f64::EPSILON)
    })?;

    let native = stack.prometheus().query("app_order_size_bytes")?;
    let histogram = native[0]
        .histogram
        .as_ref()
        .expect("an exponential histogram is a native one");
    assert_eq!(histogram["count"].as_str(), Some("12"));
    let sum: f64 = histogram["sum"].as_str().unwrap().parse().unwrap();
    assert!((sum - number(&ledger, "bytes")).abs() < 1e-9);
    let arrived =
        |found: &[ExemplarSeries]| found.iter().any(|series| !series.exemplars.is_empty());
    stack
        .prometheus()
        .wait_for_exemplars("app_order_size_bytes", SOON, arrived)?;
    stack
        .prometheus()
        .wait_for_exemplars("app_orders_total", SOON, arrived)?;

    let (ended, _) = application.end();
    assert_eq!(ended["error"], Value::Null);
    Ok(())
}

#[test]
fn pushed_over_http_a_bucket_leads_to_its_trace() -> Result<()> {
    let stack = Stack::start()?;
    pushed("http/protobuf", &stack.otlp_http(), &stack)
}

#[test]
fn pushed_over_grpc_a_bucket_leads_to_its_trace() -> Result<()> {
    let stack = Stack::start()?;
    pushed("grpc", &stack.otlp_grpc(), &stack)
}

#[test]
fn a_foreign_library_gets_exemplars_that_lead_to_its_spans() -> Result<()> {
    let stack = Stack::start()?;
    let mut application = Application::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &stack.otlp_http()),
        ("OTEL_METRICS_EXPORTER", "otlp"),
    ]);
    application.tell("foreign 6");
    application.tell("flush");
    let metric = "http_server_request_duration_seconds_bucket";
    let found = stack
        .prometheus()
        .wait_for_exemplars(metric, SOON, |found| with_trace(found).is_some())?;
    let (_, exemplar) = with_trace(&found).expect("waited for");
    let (trace_id, span_id) = (&exemplar.labels["trace_id"], &exemplar.labels["span_id"]);
    let served = stack
        .jaeger()
        .wait_for_trace(trace_id, SOON, |trace| !trace.spans.is_empty())?;
    assert!(
        served.spans.iter().any(|span| span.span_id == *span_id),
        "{served:?}"
    );
    Ok(())
}

/// Scraped, either by Prometheus or by the Collector; the traces are pushed.
fn scraped(stack: &Stack, port: u16) -> Result<()> {
    let port = port.to_string();
    let mut application = Application::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &stack.otlp_http()),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &port),
    ]);
    let ledger = application.tell("orders 12");
    totals_agree(stack, &ledger)?;
    application.tell("flush");
    bucket_leads_to_span(stack, DURATION, DURATION)
}

#[test]
fn scraped_by_prometheus_a_bucket_leads_to_its_trace() -> Result<()> {
    let [port] = ports::free()?;
    let stack = Stack::builder()
        .prometheus_scrapes(format!("127.0.0.1:{port}"))
        .start()?;
    scraped(&stack, port)
}

#[test]
fn scraped_by_the_collector_a_bucket_leads_to_its_trace() -> Result<()> {
    let [port] = ports::free()?;
    let stack = Stack::builder()
        .collector_scrapes(format!("127.0.0.1:{port}"))
        .start()?;
    scraped(&stack, port)
}

#[test]
fn exponential_histograms_can_be_the_default() -> Result<()> {
    let stack = Stack::start()?;
    let mut application = Application::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &stack.otlp_http()),
        ("OTEL_METRICS_EXPORTER", "otlp"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "base2_exponential_bucket_histogram",
        ),
    ]);
    let ledger = application.tell("orders 5");
    application.tell("flush");
    let found = stack
        .prometheus()
        .wait_for(DURATION, SOON, |found| !found.is_empty())?;
    let histogram = found[0].histogram.as_ref().expect("a native histogram");
    assert_eq!(histogram["count"].as_str(), Some("5"));
    let sum: f64 = histogram["sum"].as_str().unwrap().parse().unwrap();
    assert!((sum - number(&ledger, "seconds")).abs() < 1e-6);
    Ok(())
}
