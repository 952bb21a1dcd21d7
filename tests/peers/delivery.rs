//! What is pushed or scraped arrives in Prometheus and Jaeger, linked, once.

use std::time::Duration;

use support::client::ExemplarSeries;
use support::{Result, Stack, http};

use crate::configuration;
use crate::page::Page;
use crate::sample::{self, SERVICE, SPAN_ID, TRACE_ID};

const SOON: Duration = Duration::from_secs(30);

fn points_to_the_span(found: &[ExemplarSeries]) -> bool {
    let has = |series: &ExemplarSeries, name: &str, id: &str| {
        series
            .exemplars
            .iter()
            .any(|exemplar| exemplar.labels.get(name).is_some_and(|found| found == id))
    };
    found
        .iter()
        .any(|series| has(series, "trace_id", TRACE_ID) && has(series, "span_id", SPAN_ID))
}

#[test]
fn pushed_bucket_leads_to_its_trace() -> Result<()> {
    let stack = Stack::start()?;
    sample::push(&stack.otlp_http())?;

    let found = stack.prometheus().wait_for_exemplars(
        "order_duration_seconds_bucket",
        SOON,
        points_to_the_span,
    )?;
    let series = &found[0];
    assert_eq!(
        series.series_labels["le"], "0.5",
        "0.3 s fell into the bucket up to 0.5 s"
    );
    assert_eq!(series.series_labels["job"], SERVICE);
    assert_eq!(series.series_labels["runar_node_id"], "node-1");
    assert_eq!(series.series_labels["otel_scope_name"], "sample");
    assert_eq!(
        series.series_labels.get("host_name"),
        None,
        "only promoted resource attributes are labels"
    );
    assert!((series.exemplars[0].value - 0.3).abs() < 1e-9, "{series:?}");

    let trace_id = &series.exemplars[0].labels["trace_id"];
    let trace = stack
        .jaeger()
        .wait_for_trace(trace_id, SOON, |trace| trace.span("order").is_some())?;
    let span = trace.span("order").expect("waited for");
    assert_eq!(
        (span.span_id.as_str(), span.service.as_str()),
        (SPAN_ID, SERVICE)
    );
    assert_eq!(
        (span.duration, span.parent.as_deref()),
        (Duration::from_millis(300), None)
    );
    assert_eq!(span.tags["user.type"], "premium");
    assert_eq!(span.resource["runar.node.id"], "node-1");
    let instance = &span.resource["service.instance.id"];
    assert_eq!(&series.series_labels["instance"], instance, "the way back");
    Ok(())
}

#[test]
fn queries_of_the_way_back_are_accepted() -> Result<()> {
    let stack = Stack::start()?;
    sample::push(&stack.otlp_http())?;
    let prometheus = stack.prometheus();
    prometheus.wait_for("order_duration_seconds_count", SOON, |found| {
        !found.is_empty()
    })?;
    for store in ["jaeger", "tempo"] {
        for query in configuration::queries_of_the_way_back(store)? {
            // As Grafana does: first the escapes of the file, then the tags of the span.
            let query = query
                .replace("$$", "$")
                .replace("$__tags", r#"instance="instance-1""#);
            prometheus.query(&query)?;
        }
    }
    Ok(())
}

#[test]
fn pushed_metrics_arrive_once_and_under_one_suffix() -> Result<()> {
    let stack = Stack::start()?;
    sample::push(&stack.otlp_http())?;
    let prometheus = stack.prometheus();

    let native = prometheus.wait_for("order_size_bytes", SOON, |found| !found.is_empty())?;
    assert!(
        native[0].histogram.is_some(),
        "an exponential histogram becomes a native one: {native:?}"
    );
    prometheus.wait_for_exemplars("order_size_bytes", SOON, points_to_the_span)?;
    prometheus.wait_for_exemplars("order_total", SOON, points_to_the_span)?;

    for (name, value) in [("order_total", 3.0), ("order_duration_seconds_count", 3.0)] {
        let found = prometheus.wait_for(name, SOON, |found| !found.is_empty())?;
        assert_eq!(
            found.iter().map(|sample| sample.value).collect::<Vec<_>>(),
            [value],
            "{found:?}"
        );
    }
    let names = prometheus.query(r#"count by (__name__) ({__name__=~"order_.+"})"#)?;
    let mut names: Vec<&str> = names
        .iter()
        .map(|sample| sample.labels["__name__"].as_str())
        .collect();
    names.sort_unstable();
    let expected = ["bucket", "count", "sum"].map(|part| format!("order_duration_seconds_{part}"));
    assert_eq!(names[..3], expected);
    assert_eq!(names[3..], ["order_size_bytes", "order_total"]);
    Ok(())
}

#[test]
fn page_scraped_by_the_collector_keeps_its_exemplar() -> Result<()> {
    let page = Page::serve(sample::page())?;
    let stack = Stack::builder().collector_scrapes(page.address()).start()?;
    let found = stack.prometheus().wait_for_exemplars(
        "order_duration_seconds_bucket",
        SOON,
        points_to_the_span,
    )?;
    assert_eq!(found[0].series_labels["job"], "application");
    let counts = stack.prometheus().query("order_duration_seconds_count")?;
    assert_eq!(counts.len(), 1, "one way only: {counts:?}");
    Ok(())
}

#[test]
fn page_scraped_by_prometheus_keeps_its_exemplar() -> Result<()> {
    let page = Page::serve(sample::page())?;
    let stack = Stack::builder()
        .prometheus_scrapes(page.address())
        .start()?;
    let found = stack.prometheus().wait_for_exemplars(
        "order_duration_seconds_bucket",
        SOON,
        points_to_the_span,
    )?;
    assert_eq!(found[0].series_labels["instance"], page.address());
    Ok(())
}

#[test]
fn exporter_of_the_collector_is_the_other_choice() -> Result<()> {
    let stack = Stack::builder().prometheus_scrapes_collector().start()?;
    sample::push(&stack.otlp_http())?;
    let found = stack.prometheus().wait_for_exemplars(
        "order_duration_seconds_bucket",
        SOON,
        points_to_the_span,
    )?;
    let labels = &found[0].series_labels;
    assert_eq!(
        (labels["job"].as_str(), labels["instance"].as_str()),
        (SERVICE, "instance-1"),
        "honor_labels keeps them"
    );
    assert_eq!(
        labels["host_name"], "host-1",
        "every resource attribute is a label here"
    );
    let counts = stack.prometheus().query("order_duration_seconds_count")?;
    assert_eq!(counts.len(), 1, "one way only: {counts:?}");
    let page = http::get(
        &stack.collector_exporter(),
        "application/openmetrics-text; version=1.0.0",
    )?;
    assert!(page.body.contains(TRACE_ID), "{}", page.body);
    Ok(())
}

#[test]
fn collector_comes_back_on_its_ports() -> Result<()> {
    let mut stack = Stack::start()?;
    stack.stop_collector()?;
    assert!(sample::push(&stack.otlp_http()).is_err(), "nobody listens");
    stack.start_collector()?;
    sample::push(&stack.otlp_http())?;
    // Stopping passes on what has been accepted.
    stack.stop_collector()?;
    assert!(stack.jaeger().trace(TRACE_ID)?.is_some());
    assert_eq!(stack.prometheus().query("order_total")?.len(), 1);
    Ok(())
}
