//! Limits of label sets: of a metric, and of the process. Those of functions are in the tests of the kit.

use opentelemetry::{
    KeyValue,
    metrics::{Counter, MeterProvider as _},
};
use runar_otel_core::{
    gate::{GateOptions, View},
    metric::OVERFLOW_KEY,
    series::set_ceiling,
};

use crate::{
    chain::Reports,
    hostile::alone,
    reader::{Bench, Point},
};

fn at(value: i64) -> [KeyValue; 1] {
    [KeyValue::new("at", value)]
}

fn add_to(counter: &Counter<u64>, sets: std::ops::Range<i64>) {
    sets.for_each(|set| counter.add(1, &at(set)));
}

fn of<'p>(points: &'p [Point], metric: &str) -> Vec<&'p Point> {
    let points = points.iter();
    points.filter(|point| point.metric == metric).collect()
}

fn overflow(points: &[Point], metric: &str) -> f64 {
    let all = of(points, metric).into_iter();
    all.filter(|point| {
        point
            .labels
            .iter()
            .any(|label| label.key.as_str() == OVERFLOW_KEY)
    })
    .map(|point| point.value)
    .sum()
}

#[test]
fn a_series_without_labels_takes_no_place() {
    let mut options = GateOptions::default();
    options.limit = 2;
    let bench = Bench::new(options);
    let counter = bench.gate.meter("lib").u64_counter("limits.empty").build();
    add_to(&counter, 0..4);
    counter.add(5, &[]);
    let points = bench.collect();
    let empty = of(&points, "limits.empty").into_iter();
    let empty: Vec<f64> = empty
        .filter(|point| point.labels.is_empty())
        .map(|point| point.value)
        .collect();
    assert_eq!(empty, [5.0]);
    assert!((overflow(&points, "limits.empty") - 2.0).abs() < 1e-9);
}

#[test]
fn the_process_has_a_ceiling() {
    alone("limits::reaches_the_ceiling");
}

/// The ceiling is one of the process: other tests would reach it, too.
#[test]
#[ignore = "run by the test above"]
fn reaches_the_ceiling() {
    let (reports, _listening) = Reports::listen();
    let bench = Bench::new(GateOptions::default());
    set_ceiling(10);
    let meter = bench.gate.meter("lib");
    let [one, other] = ["ceiling.one", "ceiling.other"].map(|name| meter.u64_counter(name).build());
    add_to(&one, 0..8);
    add_to(&other, 0..8);
    one.add(1, &[]);
    let points = bench.collect();
    assert_eq!(of(&points, "ceiling.one").len(), 9);
    assert!((overflow(&points, "ceiling.other") - 6.0).abs() < 1e-9);
    let said = reports.0.lock().unwrap().clone();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(
        said[0].starts_with(
            "metric `ceiling.other` has reached the limit of 10 label sets per process: \
             the label with the most values is `at` (2); "
        ),
        "{said:?}"
    );
    let reached = of(&points, "runar_otel_limits_reached").len();
    assert_eq!(reached, 1, "the gauge takes no place");
    // What retires in one metric is room for another one.
    let streams = bench.gate.streams().all();
    let stream = streams
        .iter()
        .find(|stream| stream.plan().name == "ceiling.one");
    assert_eq!(
        stream.unwrap().retire(|series| !series.labels().is_empty()),
        8
    );
    add_to(&other, 20..24);
    let points = bench.collect();
    assert!(overflow(&points, "ceiling.other").abs() < 1e-9);
    let reached = of(&points, "runar_otel_limits_reached");
    assert!(reached[0].value.abs() < 1e-9, "{reached:?}");
    // So are the series of a provider that is gone.
    drop((one, other, bench, meter, streams));
    let bench = Bench::new(GateOptions::default());
    let counter = bench.gate.meter("lib").u64_counter("ceiling.next").build();
    add_to(&counter, 0..10);
    assert!(overflow(&bench.collect(), "ceiling.next").abs() < 1e-9);
}

#[test]
fn a_metric_below_its_limit_again_says_so() {
    let mut options = GateOptions::default();
    options.views = vec![View::select("limits.again").limit(2)];
    let bench = Bench::new(options);
    let counter = bench.gate.meter("lib").u64_counter("limits.again").build();
    add_to(&counter, 0..3);
    let reached = |bench: &Bench| bench.one("runar_otel_limits_reached").value;
    assert!((reached(&bench) - 1.0).abs() < 1e-9);
    let streams = bench.gate.streams().all();
    let stream = streams
        .iter()
        .find(|stream| stream.plan().name == "limits.again");
    assert_eq!(stream.unwrap().retire(|_| true), 2);
    assert!(reached(&bench).abs() < 1e-9);
}

#[test]
fn places_are_given_back_once() {
    alone("limits::retires_while_providers_come");
}

/// A retirement is under way while its provider ends: what has left the table does not come back, and leaves once.
#[test]
#[ignore = "run by the test above"]
fn retires_while_providers_come() {
    const SETS: usize = 3000;
    let counter = runar_otel_core::Counter::new("limits_race_total", "").register();
    let mut retiring: Option<std::thread::JoinHandle<()>> = None;
    for round in 0..40_u64 {
        let mut options = GateOptions::default();
        options.limit = SETS;
        let bench = Bench::new(options);
        std::thread::sleep(std::time::Duration::from_micros(100 * (round % 20)));
        runar_otel_core::install(bench.gate.clone());
        for set in 0..SETS {
            counter.increment_with(&[("at", &set.to_string())]);
        }
        if let Some(retiring) = retiring.take() {
            retiring.join().unwrap();
        }
        let all = bench.gate.streams().all();
        retiring = Some(std::thread::spawn(move || {
            for stream in all.iter().chain(&all) {
                stream.retire(|_| true);
            }
        }));
    }
    retiring.unwrap().join().unwrap();
    let bench = Bench::new(GateOptions::default());
    let fresh = bench.gate.meter("lib").u64_counter("limits.fresh").build();
    add_to(&fresh, 0..1);
    assert!(overflow(&bench.collect(), "limits.fresh").abs() < 1e-9);
}
