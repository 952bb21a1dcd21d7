//! Nothing hangs: no runtime, a current-thread one, one worker, many; with receivers that are dead or deaf.

use std::{net::TcpListener, time::Duration};

use serde_json::Value;
use support::{Result, Stack};

use crate::application::{Application, number};

const RUNTIMES: [&str; 4] = ["none", "current", "one", "many"];

/// What the end may take: the default bound of five seconds, and a busy machine.
const BOUND: Duration = Duration::from_secs(12);

fn ends_in_time(protocol: &str, endpoint: &str) {
    for runtime in RUNTIMES {
        let mut application = Application::start(&[
            ("APPLICATION_RUNTIME", runtime),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ]);
        application.tell("orders 2");
        let flushed = application.tell("flush");
        assert_ne!(
            flushed["error"],
            Value::Null,
            "{runtime}: nobody can have taken it"
        );
        assert!(
            number(&flushed, "seconds") < BOUND.as_secs_f64() + 5.0,
            "{runtime}: {flushed}"
        );
        let (ended, took) = application.end();
        assert!(took < BOUND, "{runtime}: {took:?} {ended}");
    }
}

#[test]
fn a_dead_http_receiver_holds_nobody() {
    ends_in_time(
        "http/protobuf",
        &format!("http://127.0.0.1:{}", closed_port()),
    );
}

#[test]
fn a_dead_grpc_receiver_holds_nobody() {
    ends_in_time("grpc", &format!("http://127.0.0.1:{}", closed_port()));
}

#[test]
fn a_deaf_http_receiver_holds_nobody() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    ends_in_time(
        "http/protobuf",
        &format!("http://{}", deaf.local_addr().unwrap()),
    );
}

#[test]
fn a_deaf_grpc_receiver_holds_nobody() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    ends_in_time("grpc", &format!("http://{}", deaf.local_addr().unwrap()));
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn every_runtime_delivers_and_can_start_again() -> Result<()> {
    let stack = Stack::start()?;
    for runtime in RUNTIMES {
        let mut application = Application::start(&[
            ("APPLICATION_RUNTIME", runtime),
            ("OTEL_SERVICE_NAME", runtime),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &stack.otlp_http()),
            ("OTEL_METRICS_EXPORTER", "otlp"),
        ]);
        application.tell("orders 2");
        let restarted = application.tell("restart");
        assert_eq!(
            restarted["error"],
            Value::Null,
            "{runtime}\n{}",
            application.log()
        );
        application.tell("orders 3");
        let (ended, _) = application.end();
        assert_eq!(ended["error"], Value::Null, "{runtime}");
        // Two instances: the one before the restart and the one after it.
        let query = format!(r#"sum(app_orders_total{{job="{runtime}"}})"#);
        stack
            .prometheus()
            .wait_for(&query, Duration::from_secs(30), |found| {
                found
                    .first()
                    .is_some_and(|sample| (sample.value - 5.0).abs() < f64::EPSILON)
            })?;
    }
    Ok(())
}
