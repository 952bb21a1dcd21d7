//! Measurements before the first provider of a process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(dead_code, reason = "the reader can do more than is needed here")]

#[path = "recording/reader.rs"]
mod reader;

use std::{
    fmt::Debug,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use runar_otel_core::{Counter, Gauge, Histogram, gate::GateOptions, install, report, uninstall};
use tracing::field::Field;
use tracing_subscriber::{Layer, layer, layer::SubscriberExt as _};

use crate::reader::Bench;

#[test]
fn the_first_provider_gets_it_in_bounds_and_a_later_one_nothing() {
    let counter = Counter::new("early_total", "").register();
    let labelled = Counter::new("early_labelled_total", "")
        .with_label("service", "api")
        .register();
    let histogram = Histogram::new("early_seconds", "").register();
    let gauge = Gauge::new("early_gauge", "").register();
    counter.add(100);
    histogram.observe_duration(Duration::from_millis(500));
    gauge.set(5.0);
    for _ in 0..5000 {
        labelled.increment_with(&[("method", "GET")]);
    }

    let said = Said::default();
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::registry().with(said.clone());
    let _listening = tracing::subscriber::set_default(subscriber);
    let bench = Bench::new(GateOptions::default());
    {
        let _active = Context::new().with_remote_span_context(sampled()).attach();
        install(bench.gate.clone());
    }
    // Not the span of who installs: the measurement was not made in it.
    assert!(bench.exemplars("early_seconds").is_empty());
    counter.add(1);
    let points = bench.collect();
    let value = |metric: &str| {
        let mut of_metric = points.iter().filter(|point| point.metric == metric);
        let point = of_metric.next().unwrap();
        assert_eq!(of_metric.next(), None, "{metric} is one series");
        point.value
    };
    assert!(same(value("early_total"), 101.0));
    assert!(same(value("early_seconds"), 0.5));
    assert!(same(value("early_gauge"), 5.0));
    // Of 4096 measurements two belong to the others.
    assert!(same(value("early_labelled_total"), 4094.0));
    assert!(report::flush(Duration::from_secs(20)));
    let told = said.0.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("906 measurements are not counted"),
        "{told:?}"
    );

    uninstall();
    counter.add(1000);
    let later = Bench::new(GateOptions::default());
    install(later.gate.clone());
    counter.add(2);
    assert!(same(later.one("early_total").value, 2.0));
}

/// What is reported.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Said {
    fn on_event(&self, event: &tracing::Event<'_>, _: layer::Context<'_, S>) {
        event.record(&mut |_: &Field, value: &dyn Debug| {
            self.0.lock().unwrap().push(format!("{value:?}"));
        });
    }
}

fn sampled() -> SpanContext {
    SpanContext::new(
        TraceId::from(7),
        SpanId::from(9),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    )
}

/// The number of races, each in a process of its own.
const RACES: usize = 40;

#[test]
fn nothing_is_lost_or_doubled_while_the_provider_comes() {
    for _ in 0..RACES {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "counts_while_the_provider_comes", "--ignored"])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}");
    }
}

#[test]
#[ignore = "run by the test above"]
fn counts_while_the_provider_comes() {
    const EACH: u64 = 1000;
    let counter = Counter::new("early_race_total", "").register();
    let bench = Bench::new(GateOptions::default());
    let counted = AtomicU64::new(0);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..EACH {
                    counter.increment();
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while counted.load(Ordering::Relaxed) < EACH {
            std::hint::spin_loop();
        }
        install(bench.gate.clone());
    });
    assert!(same(bench.one("early_race_total").value, 4000.0));
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}
