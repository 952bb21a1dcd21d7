//! What recording allocates: nothing, once a series is known. A metered call neither, as long as it has no labels.

#![allow(dead_code, reason = "the reader can do more than is needed here")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "recording/reader.rs"]
mod reader;

use std::{
    pin::pin,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use runar_otel_core::{
    __private::{Call, Function, Owner, Role, ServiceMeta, Site, Verdict, in_async, in_sync},
    Counter, Gauge, Histogram, UpDownCounter,
    gate::GateOptions,
    install,
};

use crate::reader::{Bench, Point};

/// The only provider of the process; one test at a time has it.
fn bench() -> MutexGuard<'static, Bench> {
    static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| {
        let bench = Bench::new(GateOptions::default());
        install(bench.gate.clone());
        Mutex::new(bench)
    });
    BENCH.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sum(points: &[Point], metric: &str) -> f64 {
    let of_metric = points.iter().filter(|point| point.metric == metric);
    of_metric.map(|point| point.value).sum()
}

fn count(points: &[Point], metric: &str) -> u64 {
    let of_metric = points.iter().filter(|point| point.metric == metric);
    of_metric.map(|point| point.count).sum()
}

const STATUS: [&str; 4] = ["200", "201", "404", "500"];

/// Allocations of the second round: the first one makes what is new.
fn of_known(record: impl Fn(&[(&str, &str)])) -> u64 {
    let round = || {
        for status in STATUS {
            let method = String::from("GET");
            record(&[
                ("method", &method),
                ("route", "/orders/{id}"),
                ("status", status),
            ]);
        }
    };
    round();
    // The strings of the labels are the application's: one each.
    measure(round).count_total - STATUS.len() as u64
}

#[test]
fn a_known_series_is_recorded_without_allocation() {
    let bench = bench();
    let counter = Counter::new("allocations_total", "").register();
    let up_down = UpDownCounter::new("allocations_open", "").register();
    let histogram = Histogram::new("allocations_seconds", "")
        .with_label("service", "api")
        .register();
    let gauge = Gauge::new("allocations_level", "")
        .with_label("service", "api")
        .register();
    let owned = String::from("ms");
    let milliseconds = Histogram::new("allocations_duration", "")
        .with_unit(owned)
        .register();

    assert_eq!(of_known(|labels| counter.increment_with(labels)), 0);
    assert_eq!(of_known(|labels| up_down.add_with(-1, labels)), 0);
    assert_eq!(of_known(|labels| histogram.observe_with(0.3, labels)), 0);
    assert_eq!(of_known(|labels| gauge.set_with(2.0, labels)), 0);

    let plain = || {
        counter.increment();
        histogram.observe(0.3);
        milliseconds.observe_duration(Duration::from_millis(3));
        gauge.increment();
    };
    plain();
    assert_eq!(measure(plain).count_total, 0);
    // All of it has arrived.
    let points = bench.collect();
    assert!((sum(&points, "allocations_total") - 10.0).abs() < 1e-9);
    assert!((sum(&points, "allocations_open") + 8.0).abs() < 1e-9);
}

/// A function with metrics of its own, and of its service.
const FUNCTION: Function = Function {
    role: Role::Action,
    name: "act",
    metered: true,
    family: None,
    prefix: None,
    service: None,
    event: None,
    labels: &[],
    buckets: None,
    owner: None,
    error_types: None,
};

static SERVICE: ServiceMeta = ServiceMeta {
    name: "allocations",
    prefix: "allocations_",
    events: false,
    actions: false,
    module: "allocations",
    at: std::panic::Location::caller(),
};

const OWNER: Owner = Owner::named("Allocations", Some(&SERVICE));

/// What a function returns: well, with a kind that it declares, or with one that it does not.
type Returned = Result<u64, &'static str>;

const ENDS: [Returned; 3] = [Ok(1), Err("busy"), Err("unheard of")];

fn begin(site: &'static Site) -> Call {
    Call::begin(site, OWNER, || &["busy"])
}

fn verdict_of(returned: &Returned) -> Verdict {
    match returned {
        Ok(_) => Verdict::Ok,
        Err(kind) => Verdict::Error(kind),
    }
}

/// As `#[metered(skip_span)] async fn`, suspended once.
async fn metered(site: &'static Site, labels: &[&str], ends: Returned) -> Returned {
    let mut call = begin(site);
    for (at, value) in labels.iter().enumerate() {
        call.label(at, value);
    }
    let body = async move {
        let mut suspended = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut suspended, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        ends
    };
    in_async(&mut call, body, verdict_of).await
}

fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[test]
fn a_metered_call_allocates_nothing() {
    static ASYNC: Site = Site::new(FUNCTION);
    static SYNC: Site = Site::new(FUNCTION);
    let bench = bench();
    let round = || {
        for ends in ENDS {
            assert_eq!(finish(metered(&ASYNC, &[], ends)), ends);
            let mut call = begin(&SYNC);
            assert_eq!(in_sync(&mut call, || ends, verdict_of), ends);
            drop(begin(&SYNC));
        }
    };
    round();
    assert_eq!(measure(round).count_total, 0);
    let points = bench.collect();
    for family in ["action", "service"] {
        let metric = |suffix: &str| format!("allocations_{family}_{suffix}");
        assert!((sum(&points, &metric("requests_total")) - 18.0).abs() < 1e-9);
        assert!((sum(&points, &metric("errors_total")) - 8.0).abs() < 1e-9);
        assert!(sum(&points, &metric("active_requests")).abs() < 1e-9);
    }
    assert_eq!(count(&points, "allocations_action_duration_seconds"), 18);
}

/// The values outlive what they were read from, and tasks that were spawned meanwhile may change them: a place to
/// share, a list, and each value.
#[test]
fn a_label_of_a_call_costs_what_keeping_it_does() {
    static LABELLED: Site = Site::new(Function {
        family: Some("labelled"),
        labels: &["tier", "region"],
        ..FUNCTION
    });
    let bench = bench();
    let round = || {
        let returned = finish(metered(&LABELLED, &["gold", "eu"], Ok(1)));
        assert_eq!(returned, Ok(1));
    };
    round();
    assert_eq!(measure(round).count_total, 4);
    let points = bench.collect();
    let total = sum(&points, "allocations_labelled_requests_total");
    assert!((total - 2.0).abs() < 1e-9);
}
