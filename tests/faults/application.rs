//! The application under test: this program, started once more.
//!
//! The application records by lines of its standard input, `record N`, `touch`, `churn N`, `span`, `flush MS`, `shutdown`, `exit`, and
//! answers each with a line of JSON on standard error, behind [`ANSWER`]: log lines and answers keep their order, and standard
//! output is free for the console exporter.

use std::{
    fmt::{Debug, Display},
    io::{BufRead, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use runar_otel::{Counter, Histogram, Telemetry, UpDownCounter};
use serde_json::{Value, json};

use crate::ledger::{self, Shape};

/// The environment variable that makes this program the application; its value is the shape of the metrics.
pub(crate) const SHAPE: &str = "FAULTS_SHAPE";
/// The time limit of a shutdown, in milliseconds.
pub(crate) const SHUTDOWN: &str = "FAULTS_SHUTDOWN";
/// The time that the observable counter's callback takes, in milliseconds.
pub(crate) const CALLBACK: &str = "FAULTS_CALLBACK";
/// The cardinality limit of each metric.
pub(crate) const LIMIT: &str = "FAULTS_LIMIT";
/// The mark at the start of an answer.
pub(crate) const ANSWER: &str = "@answer ";

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Talks until `shutdown` or `exit`.
pub(crate) fn talk(shape: Shape) {
    let mut telemetry = Some(start());
    let recorded = Recorded::register(shape);
    let address = telemetry.as_ref().and_then(Telemetry::prometheus_address);
    answer(&json!({ "prometheus": address.map(|address| address.to_string()) }));
    let mut tenants = 0;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (command, number) = line.split_once(' ').unwrap_or((&line, "1"));
        let number: u64 = number.parse().unwrap_or(1);
        match command {
            "record" => {
                recorded.record(number);
                answer(&Value::Null);
            }
            "touch" => {
                recorded.touch();
                answer(&Value::Null);
            }
            "churn" => {
                recorded.churn(tenants..tenants + number);
                tenants += number;
                answer(&Value::Null);
            }
            "span" => {
                tracing::info_span!("work").in_scope(|| ());
                answer(&Value::Null);
            }
            "flush" => {
                let timeout = Duration::from_millis(number);
                let telemetry = telemetry.as_ref();
                let flush = telemetry.map(|running| || running.force_flush_timeout(timeout));
                answer(&flush.map_or(Value::Null, timed));
            }
            "shutdown" => {
                let running = telemetry.take();
                answer(&running.map_or(Value::Null, |running| {
                    timed(|| running.shutdown().into_result())
                }));
                return;
            }
            _ => std::process::exit(0),
        }
    }
}

fn start() -> Telemetry {
    let shutdown = number(SHUTDOWN).unwrap_or(1000);
    let mut builder = runar_otel::builder()
        .shutdown_timeout(Duration::from_millis(shutdown))
        .series_ceiling(1_000_000);
    if let Some(limit) = number(LIMIT).and_then(|limit| usize::try_from(limit).ok()) {
        builder = builder.cardinality_limit(limit);
    }
    builder.init().expect("telemetry")
}

/// The instruments of a [`Shape`].
struct Recorded {
    shape: Shape,
    counters: Vec<Counter>,
    others: Option<(Histogram, UpDownCounter)>,
    observed: Arc<AtomicU64>,
    churn: Counter,
}

impl Recorded {
    fn register(shape: Shape) -> Self {
        let counters = (0..shape.metrics)
            .map(|metric| Counter::new(ledger::work(metric), "Work done").register());
        let others = shape.has_others().then(|| {
            let size = Histogram::new(ledger::SIZE, "Sizes").with_buckets(ledger::BOUNDS.to_vec());
            let open = UpDownCounter::new(ledger::OPEN, "Open work");
            (size.register(), open.register())
        });
        let observed = Arc::new(AtomicU64::new(0));
        if shape.has_others() {
            let (seen, delay) = (observed.clone(), number(CALLBACK));
            let meter = opentelemetry::global::meter("faults");
            let _observable = meter
                .u64_observable_counter(ledger::OBSERVED)
                .with_callback(move |observer| {
                    if let Some(delay) = delay {
                        std::thread::sleep(Duration::from_millis(delay));
                    }
                    observer.observe(seen.load(Relaxed), &[]);
                })
                .build();
        }
        Self {
            shape,
            counters: counters.collect(),
            others,
            observed,
            churn: Counter::new(ledger::CHURN, "Tenants that come and go").register(),
        }
    }

    fn record(&self, number: u64) {
        for set in 0..self.shape.sets {
            let labels = ledger::labels(set);
            let labels = [
                (labels[0].0, labels[0].1.as_str()),
                (labels[1].0, labels[1].1.as_str()),
            ];
            for counter in &self.counters {
                counter.add_with(number * ledger::weight(set), &labels);
            }
            if let Some((size, open)) = &self.others {
                for _ in 0..number {
                    size.observe_with(ledger::value(set), &labels);
                    open.add_with(2, &labels);
                    open.decrement_with(&labels);
                }
            }
        }
        self.observed.fetch_add(number, Relaxed);
    }

    /// Counts in the first series alone.
    fn touch(&self) {
        let labels = ledger::labels(0);
        let labels = [
            (labels[0].0, labels[0].1.as_str()),
            (labels[1].0, labels[1].1.as_str()),
        ];
        if let Some(counter) = self.counters.first() {
            counter.add_with(1, &labels);
        }
    }

    fn churn(&self, tenants: std::ops::Range<u64>) {
        for tenant in tenants {
            self.churn
                .increment_with(&[("tenant", &format!("tenant-{tenant}"))]);
        }
    }
}

fn timed<T: Debug, E: Display>(work: impl FnOnce() -> Result<T, E>) -> Value {
    let began = Instant::now();
    let result = work();
    let seconds = began.elapsed().as_secs_f64();
    match result {
        Ok(told) => json!({ "error": null, "told": format!("{told:?}"), "seconds": seconds }),
        Err(error) => json!({ "error": error.to_string(), "seconds": seconds }),
    }
}

fn answer(value: &Value) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "{ANSWER}{value}");
}
