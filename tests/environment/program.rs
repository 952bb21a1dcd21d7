//! A program with telemetry, run in a process of its own: this test binary again.

use std::{env, process::Command};

use opentelemetry::{
    Context, global,
    trace::{SpanContext, TraceContextExt, TraceFlags, TraceState},
};
use runar_otel::Counter;
use support::http;

/// The end of a program: its success, and the text on its two outputs.
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) printed: String,
    pub(crate) said: String,
}

/// Runs a program with no other variables of telemetry than these.
pub(crate) fn run(program: &str, variables: &[(&str, &str)]) -> Ended {
    run_with(program, |command| {
        command.envs(variables.iter().copied());
    })
}

/// Runs a program that is prepared by the caller.
pub(crate) fn run_with(program: &str, prepare: impl FnOnce(&mut Command)) -> Ended {
    let mut command = command(program);
    prepare(&mut command);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended {
        success: output.status.success(),
        printed: text(&output.stdout),
        said: text(&output.stderr),
    }
}

/// Prepares a program.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .env_clear()
        .args(["--ignored", "--exact", "--nocapture"])
        .arg(format!("program::{program}"));
    command
}

/// Records a measurement and a span, and ends.
#[test]
#[ignore = "a program of other tests"]
fn records() {
    let telemetry = runar_otel::builder()
        .shutdown_timeout(std::time::Duration::from_secs(2))
        .init()
        .unwrap();
    tracing::info_span!("work").in_scope(|| {
        Counter::new("work_total", "Work").register().increment();
    });
    let _ = telemetry.shutdown();
}

/// Records in a trace that begins here and in one that comes from elsewhere, and prints its page of metrics.
#[test]
#[ignore = "a program of other tests"]
fn shows_its_page() {
    let builder = runar_otel::builder().prometheus_address("127.0.0.1", 0);
    let telemetry = builder.init().unwrap();
    tracing::info_span!("begun").in_scope(|| {
        Counter::new("begun_total", "").register().increment();
    });
    let (trace, span) = (7.into(), 8.into());
    let parent = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
    let _parent = Context::new().with_remote_span_context(parent).attach();
    tracing::info_span!("continued").in_scope(|| {
        Counter::new("continued_total", "").register().increment();
    });
    let url = format!("http://{}/metrics", telemetry.prometheus_address().unwrap());
    let page = http::get(&url, "application/openmetrics-text; version=1.0.0").unwrap();
    println!("{}", page.body);
}

/// Sets a propagator before telemetry, and another one while telemetry runs.
#[test]
#[ignore = "a program of other tests"]
fn has_propagators() {
    use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

    let fields =
        || global::get_text_map_propagator(|it| it.fields().map(str::to_owned).collect::<Vec<_>>());
    global::set_text_map_propagator(BaggagePropagator::new());
    let telemetry = runar_otel::init().unwrap();
    assert_eq!(fields(), ["baggage"]);
    drop(telemetry.shutdown());
    assert_eq!(fields(), ["baggage"]);
    global::set_text_map_propagator(opentelemetry::trace::noop::NoopTextMapPropagator::new());
    let telemetry = runar_otel::init().unwrap();
    assert_eq!(fields().len(), 3);
    drop(telemetry.shutdown());
    assert!(fields().is_empty());
    let telemetry = runar_otel::init().unwrap();
    global::set_text_map_propagator(TraceContextPropagator::new());
    drop(telemetry.shutdown());
    assert_eq!(fields(), ["traceparent", "tracestate"]);
}

/// Forgets to keep the guard.
#[test]
#[ignore = "a program of other tests"]
fn drops_its_guard() {
    let _ = runar_otel::init().unwrap();
}

/// Makes a span and ends.
#[test]
#[ignore = "a program of other tests"]
fn makes_a_span() {
    let _telemetry = runar_otel::init().unwrap();
    tracing::info_span!("short").in_scope(|| ());
}

/// Serves until it is asked to end, and records its last measurement then.
#[tokio::test]
#[ignore = "a program of other tests"]
async fn serves_until_it_is_told() {
    let telemetry = runar_otel::init().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let told = runar_otel::shutdown_signal();
    println!("serving");
    let served = axum::serve(listener, axum::Router::new()).with_graceful_shutdown(told);
    served.await.unwrap();
    Counter::new("last_total", "").register().increment();
    let undelivered = telemetry.shutdown();
    println!("{undelivered}");
}
