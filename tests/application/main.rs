//! An application under test: records what it is told to, on the runtime it is told to, and keeps a ledger.
//!
//! It is configured through the environment, as a user's application is, and is spoken to line by line:
//! `orders N`, `foreign N`, `flush`, `ledger`, `restart`, `exit`; `calls ok 3 error 2 refused 1 panic 1 cancelled 1` and, in
//! the same way, `prices`, `events`, `jobs` and `publishes`; `hold N` and `release`, for calls that stay under way. It
//! answers each line with one line of JSON.

#![expect(
    clippy::expect_used,
    reason = "a program under test fails by panicking"
)]

mod foreign;
mod orders;
mod shop;

use std::{
    io::{BufRead, Write},
    time::Instant,
};

use orders::Orders;
use runar_otel::{DeliveryError, Telemetry};
use serde_json::{Value, json};
use shop::Errands;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

fn main() {
    match std::env::var("APPLICATION_RUNTIME").as_deref() {
        Ok("current") => block_on(&mut tokio::runtime::Builder::new_current_thread()),
        Ok("one") => block_on(tokio::runtime::Builder::new_multi_thread().worker_threads(1)),
        Ok("many") => block_on(tokio::runtime::Builder::new_multi_thread().worker_threads(4)),
        _ => talk(),
    }
}

/// The whole conversation inside a task: whatever blocks there, blocks a worker of the runtime.
fn block_on(builder: &mut tokio::runtime::Builder) {
    let runtime = builder.enable_all().build().expect("a runtime");
    let conversation = runtime.spawn(async { talk() });
    runtime.block_on(conversation).expect("the application");
}

/// A subscriber of the application's own, with our layer or without it.
fn subscribe() {
    let registry = tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    match std::env::var("APPLICATION_SUBSCRIBER").as_deref() {
        Ok("layered") => registry.with(runar_otel::layer()).init(),
        Ok("plain") => registry.init(),
        _ => {}
    }
}

fn start() -> Telemetry {
    let registry = prometheus::Registry::new();
    let legacy = prometheus::IntCounter::new("legacy_total", "Counted by another library")
        .expect("a counter");
    registry
        .register(Box::new(legacy.clone()))
        .expect("an empty registry");
    legacy.inc_by(7);
    runar_otel::builder()
        .prometheus_registry(registry)
        .init()
        .expect("telemetry")
}

fn talk() {
    subscribe();
    let mut telemetry = Some(start());
    let orders = Orders::register();
    let errands = Errands::default();
    let address = || telemetry.as_ref().and_then(Telemetry::prometheus_address);
    say(&json!({ "prometheus": address().map(|address| address.to_string()) }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (command, words) = line.split_once(' ').unwrap_or((&line, "0"));
        let number = words.parse().unwrap_or(0);
        match command {
            "orders" => say(&orders.take(number)),
            "foreign" => say(&foreign::requests(number)),
            "calls" | "prices" | "events" | "jobs" | "publishes" => {
                say(&errands.run(command, words));
            }
            "hold" => say(&errands.hold(number)),
            "release" => say(&errands.release()),
            "ledger" => say(&orders.ledger()),
            "flush" => say(&timed(|| telemetry.as_ref().map(Telemetry::force_flush))),
            "restart" => {
                let answer = timed(|| telemetry.take().map(end));
                telemetry = Some(start());
                say(&answer);
            }
            _ => break,
        }
    }
    say(&timed(|| telemetry.take().map(end)));
}

fn end(telemetry: Telemetry) -> Result<(), DeliveryError> {
    telemetry.shutdown().into_result()
}

fn timed<E: std::fmt::Display>(work: impl FnOnce() -> Option<Result<(), E>>) -> Value {
    let began = Instant::now();
    let result = work();
    let error = result.and_then(Result::err).map(|error| error.to_string());
    json!({ "error": error, "seconds": began.elapsed().as_secs_f64() })
}

fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{value}");
    let _ = out.flush();
}
