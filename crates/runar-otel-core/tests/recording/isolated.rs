//! Isolated recorders: what is recorded in one is seen there, and nowhere else.

use std::{
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use opentelemetry::KeyValue;
use runar_otel_core::{
    Counter, Gauge, Histogram, Timer,
    clock::Clock,
    gate::{Gate, GateOptions},
    isolated::IsolatedRecorder,
};

use crate::{calls::poll_once, chain::Reports, facade, reader::Bench};

pub(crate) struct Recorder {
    pub(crate) bench: Bench,
    pub(crate) isolated: Arc<IsolatedRecorder>,
}

pub(crate) fn recorder(clock: Clock) -> Recorder {
    let bench = Bench::new(GateOptions::default());
    let gate = Gate::clone(&bench.gate);
    let isolated = IsolatedRecorder::new(gate, clock);
    Recorder { bench, isolated }
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

static SHARED: LazyLock<Counter> = LazyLock::new(|| {
    Counter::new("isolated_shared_total", "A handle that all tests share").register()
});

#[test]
fn a_shared_handle_records_into_the_recorder_that_is_current() {
    let process = facade::bench();
    SHARED.increment();
    let seen: Vec<f64> = thread::scope(|threads| {
        let count = |n| {
            move || {
                let recorder = recorder(Clock::system());
                recorder.isolated.scope(|| {
                    for _ in 0..n {
                        SHARED.increment();
                        SHARED.increment_with(&[("with", "label")]);
                    }
                });
                let points = recorder.bench.collect();
                let plain = points.iter().find(|point| point.labels.is_empty());
                let labelled = points
                    .iter()
                    .find(|point| point.labels == [KeyValue::new("with", "label")]);
                assert!(same(labelled.unwrap().value, plain.unwrap().value));
                plain.unwrap().value
            }
        };
        let (one, other) = (threads.spawn(count(10)), threads.spawn(count(20)));
        vec![one.join().unwrap(), other.join().unwrap()]
    });
    assert_eq!(seen, [10.0, 20.0]);
    assert!(same(process.one("isolated_shared_total").value, 1.0));
}

#[test]
fn one_name_may_be_two_kinds_in_two_recorders() {
    let process = facade::bench();
    let _counter = Counter::new("isolated_kind", "").register();
    let recorder = recorder(Clock::system());
    recorder.isolated.scope(|| {
        let gauge = Gauge::new("isolated_kind", "").try_register().unwrap();
        gauge.set(4.5);
    });
    assert!(same(recorder.bench.one("isolated_kind").value, 4.5));
    assert!(
        process
            .collect()
            .iter()
            .all(|point| point.metric != "isolated_kind")
    );
}

#[test]
fn a_shared_handle_of_another_kind_is_reported() {
    let (reports, _listening) = Reports::listen();
    let recorder = recorder(Clock::system());
    let shared = Counter::new("isolated_refused", "").register();
    recorder.isolated.scope(|| {
        Gauge::new("isolated_refused", "").register().set(5.0);
        shared.increment();
        shared.increment();
    });
    assert!(same(recorder.bench.one("isolated_refused").value, 5.0));
    let said = reports.0.lock().unwrap();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("expected one kind per name"), "{said:#?}");
}

#[test]
fn gauges_keep_a_value_per_recorder() {
    let process = facade::bench();
    let gauge = Gauge::new("isolated_gauge", "").register();
    gauge.set(1.0);
    let recorder = recorder(Clock::system());
    recorder.isolated.scope(|| {
        gauge.add(5.0);
        gauge.set_with(7.0, &[("network", "main")]);
    });
    gauge.increment();
    let inside = recorder.bench.collect();
    assert_eq!(inside.iter().map(|p| p.value).sum::<f64>(), 12.0);
    assert!(same(process.one("isolated_gauge").value, 2.0));
}

#[test]
fn a_handle_made_inside_records_there_from_any_thread() {
    let recorder = recorder(Clock::system());
    let histogram = recorder
        .isolated
        .scope(|| Histogram::new("isolated_inside", "").register());
    thread::scope(|threads| {
        threads.spawn(|| histogram.observe(3.0));
    });
    assert!(same(recorder.bench.one("isolated_inside").value, 3.0));
}

#[test]
fn a_timer_ends_where_it_began_and_shows_the_manual_clock() {
    let (clock, manual) = Clock::manual();
    let recorder = recorder(clock);
    let timer = Timer::new("isolated_timer_seconds", "").register();
    let running = recorder.isolated.scope(|| timer.start());
    manual.advance(Duration::from_millis(1500));
    assert_eq!(running.stop(), Duration::from_millis(1500));
    assert!(same(
        recorder.bench.one("isolated_timer_seconds").value,
        1.5
    ));
}

#[test]
fn a_static_that_was_first_used_inside_outlives_the_recorder() {
    static FIRST_INSIDE: LazyLock<Counter> =
        LazyLock::new(|| Counter::new("isolated_first_inside_total", "").register());
    let process = facade::bench();
    let recorder = recorder(Clock::system());
    recorder.isolated.scope(|| FIRST_INSIDE.add(5));
    assert!(same(
        recorder.bench.one("isolated_first_inside_total").value,
        5.0
    ));
    drop(recorder);
    FIRST_INSIDE.add(3);
    assert!(same(process.one("isolated_first_inside_total").value, 3.0));
}

#[tokio::test]
async fn a_future_keeps_its_recorder_across_awaits() {
    let recorder = recorder(Clock::system());
    let counter = Counter::new("isolated_future_total", "").register();
    let work = async {
        for _ in 0..3 {
            counter.add(2);
            tokio::task::yield_now().await;
        }
    };
    let elsewhere = async {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(recorder.isolated.scoped(work), elsewhere);
    assert!(same(recorder.bench.one("isolated_future_total").value, 6.0));
}

#[test]
fn a_cancelled_future_drops_in_its_recorder() {
    struct Counts(Counter);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.increment();
        }
    }
    let recorder = recorder(Clock::system());
    let guard = Counts(Counter::new("isolated_left_total", "").register());
    let work = async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    };
    let mut work = Box::pin(recorder.isolated.scoped(work));
    assert!(poll_once(&mut work).is_pending());
    drop(work);
    assert!(same(recorder.bench.one("isolated_left_total").value, 1.0));
}
