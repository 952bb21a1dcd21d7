//! Settings through the environment, as a user makes them.

use serde_json::Value;
use support::{Result, http};

use crate::application::Application;

#[test]
fn a_disabled_sdk_records_and_serves_nothing() -> Result<()> {
    let [port] = support::ports::free()?;
    let mut application = Application::start(&[
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_METRICS_EXPORTER", "prometheus,console"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &port.to_string()),
    ]);
    application.tell("orders 1");
    assert_eq!(application.tell("flush")["error"], Value::Null);
    assert!(http::get(&format!("http://127.0.0.1:{port}/metrics"), "text/plain").is_err());
    assert_eq!(application.printed(), "", "neither metrics nor spans");
    let (ended, _) = application.end();
    assert_eq!(ended["error"], Value::Null);
    Ok(())
}

#[test]
fn bad_values_are_said_once_with_what_was_expected() {
    let mut application = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "sometimes"),
    ]);
    application.tell("orders 1");
    let log = application.log_with("order taken");
    for (key, value) in [
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "sometimes"),
    ] {
        let lines = log
            .lines()
            .filter(|line| line.contains(key) && line.contains(value));
        assert_eq!(lines.count(), 1, "{key}: {log}");
    }
}

#[test]
fn encryption_is_refused_and_never_silently_plain() {
    let mut application = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:4318"),
    ]);
    application.tell("orders 1");
    let log = application.log_with("order taken");
    assert!(
        log.contains("https://127.0.0.1:4318") && log.to_lowercase().contains("tls"),
        "{log}"
    );
}

#[test]
fn log_lines_carry_the_trace_id() {
    let mut application = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ]);
    application.tell("orders 1");
    let log = application.log_with("order taken");
    let line = log
        .lines()
        .find(|line| line.contains("order taken"))
        .unwrap_or_else(|| panic!("{log}"));
    let (_, id) = line
        .split_once("trace_id=")
        .unwrap_or_else(|| panic!("{line}"));
    assert!(
        id.len() >= 32 && id[..32].bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{line}"
    );
}

#[test]
fn the_console_shows_bucket_and_trace() {
    let mut application = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "console"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ]);
    application.tell("orders 1");
    assert_eq!(application.tell("flush")["error"], Value::Null);
    application.tell("ledger");
    let log = application.log_with("order taken");
    let (_, id) = log
        .split_once("trace_id=")
        .expect("a log line with a trace");
    let id = id[..32].to_owned();
    let printed = application.printed();
    let named = |name: &str| printed.lines().any(|line| line.contains(name));
    assert!(
        named("app_orders_total") && named("app_order_duration_seconds"),
        "{printed}"
    );
    assert!(
        printed.matches(&id).count() >= 2,
        "an exemplar and a span of {id}: {printed}"
    );
}

#[test]
fn the_resource_is_the_one_of_the_environment() -> Result<()> {
    let application = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "none"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.namespace=shop,runar.node.id=node%201",
        ),
    ]);
    let page = http::get(
        &format!("http://{}/metrics", application.prometheus()),
        "text/plain",
    )?;
    let target = page
        .body
        .lines()
        .find(|line| line.starts_with("target_info{"))
        .expect("a resource")
        .to_owned();
    for label in [
        r#"service_name="orders""#,
        r#"service_namespace="shop""#,
        r#"runar_node_id="node 1""#,
    ] {
        assert!(target.contains(label), "{label}: {target}");
    }
    Ok(())
}

/// The lines of the OpenMetrics page that carry an exemplar.
fn exemplars(environment: &[(&str, &str)]) -> Result<Vec<String>> {
    let quiet = [
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ];
    let mut application = Application::start(&[&quiet, environment].concat());
    application.tell("orders 2");
    let url = format!("http://{}/metrics", application.prometheus());
    let page = http::get(&url, "application/openmetrics-text; version=1.0.0")?;
    Ok(page
        .body
        .lines()
        .filter(|line| line.contains(" # {"))
        .map(str::to_owned)
        .collect())
}

#[test]
fn the_exemplar_filter_and_the_sampler_decide_together() -> Result<()> {
    assert!(exemplars(&[("OTEL_METRICS_EXEMPLAR_FILTER", "always_off")])?.is_empty());
    assert!(exemplars(&[("OTEL_TRACES_SAMPLER", "always_off")])?.is_empty());
    let both = [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "always_on"),
    ];
    assert!(!exemplars(&both)?.is_empty());
    assert!(!exemplars(&[])?.is_empty());
    Ok(())
}

#[test]
fn a_subscriber_of_the_application_needs_only_our_layer() -> Result<()> {
    let linked = exemplars(&[("APPLICATION_SUBSCRIBER", "layered")])?;
    assert!(
        linked.iter().any(|line| line.contains("trace_id=")),
        "{linked:?}"
    );
    Ok(())
}

#[test]
fn a_subscriber_without_our_layer_is_told_so() {
    let mut application = Application::start(&[
        ("APPLICATION_SUBSCRIBER", "plain"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ]);
    application.tell("orders 1");
    let log = application.log_with("order taken");
    assert_eq!(log.matches("add `runar_otel::layer()`").count(), 1, "{log}");
}
