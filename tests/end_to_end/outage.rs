//! Outages: the application runs on, says so once, and nothing recorded is lost.

use std::{net::TcpListener, time::Duration};

use serde_json::Value;
use support::{Result, Stack, http};

use crate::application::Application;

const SOON: Duration = Duration::from_secs(60);

#[test]
fn data_that_the_collector_missed_arrive_when_it_is_back() -> Result<()> {
    let mut stack = Stack::start()?;
    stack.stop_collector()?;
    let mut application = Application::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &stack.otlp_http()),
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "400"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "1500"),
    ]);
    application.tell("orders 4");
    assert_ne!(application.tell("flush")["error"], Value::Null);
    application.tell("orders 4");
    stack.start_collector()?;
    stack
        .prometheus()
        .wait_for("sum(app_orders_total)", SOON, |found| {
            found
                .first()
                .is_some_and(|sample| (sample.value - 8.0).abs() < f64::EPSILON)
        })?;
    let log = application.log_with("metrics are delivered again");
    let warnings = log
        .lines()
        .filter(|line| line.contains("metrics are not delivered"));
    assert_eq!(warnings.count(), 1, "{log}");
    assert!(log.contains("metrics are delivered again"), "{log}");
    Ok(())
}

#[test]
fn a_port_in_use_is_said_once_and_tried_again() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let mut application = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &port),
    ]);
    application.tell("orders 2");
    drop(taken);
    let url = format!("http://{address}/metrics");
    let found = support::poll::until("the endpoint on the freed port", SOON, || {
        match http::get(&url, "text/plain") {
            Ok(page) if page.status == 200 => support::poll::Look::Found(page.body),
            other => support::poll::Look::NotYet(format!("{other:?}")),
        }
    })?;
    assert!(found.contains("app_orders_total"), "{found}");
    let log = application.log_with("now listens on");
    assert_eq!(
        log.lines()
            .filter(|line| line.contains("WARN") && line.contains(&port))
            .count(),
        1,
        "{log}"
    );
    Ok(())
}
