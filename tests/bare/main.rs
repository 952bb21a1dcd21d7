//! Without any Cargo feature: everything records, a test reads it, and a missing feature is named.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{env, process::Command};

use runar_otel::{
    Counter, Gauge, Histogram, InitError, MetricsExporterKind, Timer, TracesExporterKind,
};
use runar_otel_testing::{Recorder, assert_metric};

#[test]
fn handles_record_and_the_kit_reads() {
    let recorder = Recorder::builder().with_spans().build();
    recorder.run(|| {
        let orders = Counter::new("orders_total", "Orders taken").register();
        orders.increment_with(&[("source", "web")]);
        Gauge::new("queue_size", "Orders that wait")
            .register()
            .set(7.0);
        Histogram::new("order_value", "Value of orders")
            .register()
            .observe(12.5);
        drop(
            Timer::new("order_seconds", "Time to take an order")
                .register()
                .start(),
        );
    });
    assert_metric!(recorder, "orders_total", {"source" => "web"}, == 1);
    assert_metric!(recorder, "queue_size", == 7);
    assert_metric!(recorder, "order_value", count == 1, sum == 12.5);
    assert_metric!(recorder, "order_seconds", count == 1);
}

#[test]
fn a_builder_that_asks_for_a_missing_exporter_is_told_its_feature() {
    let refused = runar_otel::builder()
        .metrics_exporters([MetricsExporterKind::Otlp, MetricsExporterKind::Prometheus])
        .traces_exporters([TracesExporterKind::Otlp])
        .init();
    let Err(InitError::Invalid { problems, .. }) = refused else {
        panic!("expected an error, got {refused:?}");
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for (said, feature) in told.iter().zip([
        "`otlp-http` or `otlp-grpc`",
        "`prometheus-endpoint`",
        "`otlp-http` or `otlp-grpc`",
    ]) {
        assert!(said.contains(feature), "{said}");
    }
    assert_eq!(told.len(), 3, "{told:?}");
}

/// Runs telemetry in a process of its own, with these variables; returns its standard error.
fn run(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([
        "--ignored",
        "--exact",
        "--nocapture",
        "child_runs_telemetry",
    ]);
    child.envs(variables.iter().copied());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
#[ignore = "run in a process of its own"]
fn child_runs_telemetry() {
    let telemetry = runar_otel::init().unwrap();
    Counter::new("orders_total", "Orders taken")
        .register()
        .increment();
    telemetry.shutdown().into_result().unwrap();
}

#[test]
fn a_variable_that_asks_for_a_missing_exporter_is_told_its_feature() {
    let said = run(&[
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
    ]);
    for expected in [
        "OTEL_METRICS_EXPORTER (environment) is \"prometheus\"",
        "`prometheus-endpoint`",
        "OTEL_TRACES_EXPORTER (environment) is \"otlp\"",
        "`otlp-http` or `otlp-grpc`",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn telemetry_without_exporters_runs_and_tells_of_the_missing_subscriber() {
    let said = run(&[]);
    assert!(said.contains("`subscriber`"), "{said}");
    assert!(!said.contains("OTEL_"), "{said}");
}

#[test]
fn metrics_are_written_to_the_console() {
    let output = Command::new(env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "child_runs_telemetry",
        ])
        .env("OTEL_METRICS_EXPORTER", "console")
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("orders_total"), "{page}");
}
