//! Callbacks of observable instruments that misbehave.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use runar_otel_core::{
    gate::{GateOptions, View, in_callback},
    series::Consumer,
};

use crate::{chain::Reports, reader::Bench};

/// The patience of a collection here.
const PATIENCE: Duration = Duration::from_millis(500);

/// More than enough for anything that is to happen at all.
const LONG: Duration = Duration::from_secs(20);

fn impatient() -> Bench {
    let mut options = GateOptions::default();
    options.callback_timeout = PATIENCE;
    Bench::new(options)
}

fn metrics(bench: &Bench) -> Vec<String> {
    let mut all: Vec<String> = bench.collect().into_iter().map(|p| p.metric).collect();
    all.sort();
    all
}

/// A callback that hangs with its first call, until it is let go, and the number of its calls.
struct Hanging {
    calls: Arc<AtomicUsize>,
    let_go: mpsc::Sender<()>,
}

impl Hanging {
    fn in_metric(bench: &Bench, metric: &'static str) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let (let_go, wait) = mpsc::channel();
        let (seen, wait) = (calls.clone(), Mutex::new(wait));
        let meter = bench.gate.meter("lib");
        let gauge = meter.u64_observable_gauge(metric);
        gauge
            .with_callback(move |observer| {
                if seen.fetch_add(1, Ordering::SeqCst) == 0 {
                    let _ = wait.lock().unwrap().recv();
                }
                observer.observe(1, &[]);
            })
            .build();
        Self { calls, let_go }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn healthy(bench: &Bench, metric: &'static str) {
    let meter = bench.gate.meter("lib");
    let gauge = meter.u64_observable_gauge(metric);
    gauge
        .with_callback(|observer| observer.observe(1, &[]))
        .build();
}

#[test]
fn a_callback_that_hangs_is_left_behind() {
    let (reports, _listening) = Reports::listen();
    let bench = impatient();
    healthy(&bench, "callbacks.before");
    let hanging = Hanging::in_metric(&bench, "callbacks.hangs");
    healthy(&bench, "callbacks.later");
    let others = ["callbacks.before", "callbacks.later"];

    let started = Instant::now();
    assert_eq!(metrics(&bench), others);
    assert!(started.elapsed() >= PATIENCE);
    for _ in 0..3 {
        assert_eq!(metrics(&bench), others);
    }
    assert_eq!(hanging.calls(), 1);
    {
        let said = reports.0.lock().unwrap();
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(said[0].contains("`callbacks.hangs` has not returned within 500ms"));
    }

    hanging.let_go.send(()).unwrap();
    let until = Instant::now() + LONG;
    while hanging.calls() == 1 && Instant::now() < until {
        metrics(&bench);
        thread::yield_now();
    }
    let all = ["callbacks.before", "callbacks.hangs", "callbacks.later"];
    assert_eq!(metrics(&bench), all);
    assert_eq!(reports.0.lock().unwrap().len(), 1);
}

#[test]
fn two_callbacks_that_hang_cost_their_own_patience_only() {
    let bench = impatient();
    let hanging = ["callbacks.one", "callbacks.two"].map(|name| Hanging::in_metric(&bench, name));
    healthy(&bench, "callbacks.three");
    for _ in 0..3 {
        assert_eq!(metrics(&bench), ["callbacks.three"]);
    }
    assert_eq!(hanging.each_ref().map(Hanging::calls), [1, 1]);
}

#[test]
fn a_callback_that_collects_does_not_wait_for_itself() {
    let bench = impatient();
    let streams = bench.gate.streams().clone();
    let (tell, told) = mpsc::channel();
    let meter = bench.gate.meter("lib");
    meter
        .u64_observable_gauge("callbacks.collects")
        .with_callback(move |observer| {
            streams.observe(|_| 1);
            let _ = tell.send(in_callback());
            observer.observe(1, &[]);
        })
        .build();
    assert_eq!(metrics(&bench), ["callbacks.collects"]);
    assert!(told.recv_timeout(LONG).unwrap());
    assert!(!in_callback());
}

#[test]
fn a_callback_may_outlive_its_provider() {
    let bench = impatient();
    let hanging = Hanging::in_metric(&bench, "callbacks.outlives");
    assert_eq!(bench.collect(), []);
    drop(bench);
    hanging.let_go.send(()).unwrap();
    assert_eq!(hanging.calls(), 1);
}

#[test]
fn two_collections_at_a_time_both_get_what_is_observed() {
    let bench = Bench::new(GateOptions::default());
    healthy(&bench, "callbacks.shared");
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..300 {
                    assert_eq!(metrics(&bench), ["callbacks.shared"]);
                }
            });
        }
    });
}

/// Observes one value per label set.
macro_rules! observes {
    ($instrument:expr, $($value:expr => $labels:expr),+) => {
        $instrument.with_callback(|observer| {
            $(observer.observe($value, &$labels);)+
        }).build()
    };
}

fn plain() -> (Bench, Meter) {
    let bench = Bench::new(GateOptions::default());
    let meter = bench.gate.meter("lib");
    (bench, meter)
}

fn path(value: &'static str) -> [KeyValue; 1] {
    [KeyValue::new("path", value)]
}

#[test]
fn an_observation_is_converted_to_the_type_of_its_stream() {
    let (bench, meter) = plain();
    observes!(meter.i64_observable_gauge("callbacks.types"), 7 => path("/a"));
    observes!(meter.u64_observable_gauge("callbacks.types"), u64::MAX => path("/b"), 5 => path("/c"));
    let mut all: Vec<f64> = bench.collect().iter().map(|point| point.value).collect();
    all.sort_by(f64::total_cmp);
    assert_eq!(all, [5.0, 7.0, i64::MAX as f64]);
}

#[test]
fn a_histogram_counts_each_of_sets_made_equal() {
    let view = View::select("callbacks.merged")
        .drop_labels(["path"])
        .buckets(vec![21.0]);
    let mut options = GateOptions::default();
    options.views = vec![view];
    let bench = Bench::new(options);
    let meter = bench.gate.meter("lib");
    let gauge = meter.f64_observable_gauge("callbacks.merged");
    observes!(gauge, 20.0 => path("/a"), 22.0 => path("/b"));
    let stream = {
        bench.gate.streams().observe(|_| 1);
        bench.streams("callbacks.merged").pop().unwrap()
    };
    let mut counts = Vec::new();
    stream.histograms(Consumer::default(), SystemTime::now(), |_, reading| {
        counts.push(reading.value.counts);
    });
    assert_eq!(counts, [[1, 1]]);
}

#[test]
fn totals_at_the_end_of_their_range_stay_numbers() {
    let (bench, meter) = plain();
    for _ in 0..2 {
        observes!(meter.f64_observable_counter("callbacks.greatest"), f64::MAX => []);
    }
    assert_eq!(bench.one("callbacks.greatest").value, f64::MAX);
    // The delta of a total that stands still.
    assert_eq!(bench.collect(), []);
}

#[test]
fn observed_sets_beyond_the_limit_are_reported() {
    let (reports, _listening) = Reports::listen();
    let mut options = GateOptions::default();
    options.limit = 1;
    let bench = Bench::new(options);
    let meter = bench.gate.meter("lib");
    let counter = meter.u64_observable_counter("callbacks.beyond");
    observes!(counter, 1 => path("/a"), 2 => path("/b"), 3 => path("/c"));
    let points = bench.collect();
    let reached = points
        .iter()
        .find(|point| point.metric == "runar_otel_limits_reached");
    assert_eq!(reached.unwrap().value, 1.0);
    assert_eq!(points.len(), 3);
    let said = reports.0.lock().unwrap();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains(
        "`callbacks.beyond` has reached its limit of 1 label sets: \
         the label with the most values is `path` (1); "
    ));
}

#[test]
fn observations_before_a_panic_count() {
    let (reports, _listening) = Reports::listen();
    let (bench, meter) = plain();
    let gauge = meter.u64_observable_gauge("callbacks.panics");
    gauge
        .with_callback(|observer| {
            observer.observe(1, &[]);
            panic!("of the test");
        })
        .build();
    assert_eq!(bench.one("callbacks.panics").value, 1.0);
    let said = reports.0.lock().unwrap();
    assert!(
        said[0].contains("panicked: what it had not observed yet is missing"),
        "{said:#?}"
    );
}
