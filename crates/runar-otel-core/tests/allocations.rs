//! Allocations of recording: none, once a series is known. A metered call has none either.

#![expect(dead_code, reason = "the reader can do more than is needed here")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "recording/reader.rs"]
mod reader;

use std::{
    pin::pin,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use opentelemetry::{
    KeyValue, Value,
    metrics::MeterProvider as _,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use runar_otel_core::{
    __private::{Call, Function, Owner, Role, ServiceMeta, Site, Verdict, in_async, in_sync},
    Counter, Gauge, Histogram, UpDownCounter,
    gate::{GateOptions, View},
    install,
    metric::{Aggregation, OVERFLOW_KEY},
};

use crate::reader::{Bench, Point};

/// The only provider of the process; one test at a time has it.
fn bench() -> MutexGuard<'static, Bench> {
    static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| {
        let mut options = GateOptions::default();
        options.views = vec![
            View::select("allocations.full").limit(FEW),
            View::select("allocations.exponential").aggregation(Aggregation::exponential()),
            View::select("allocations.viewed").drop_labels(["route"]),
        ];
        let bench = Bench::new(options);
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

/// Finding M11: a limit is not paid for before it is used.
#[test]
fn a_high_limit_costs_no_memory() {
    let mut options = GateOptions::default();
    options.limit = 1_000_000;
    let bench = Bench::new(options);
    let meter = bench.gate.meter("lib");
    let made = measure(|| {
        for at in 0..50 {
            drop(
                meter
                    .u64_counter(format!("allocations.limited.{at}"))
                    .build(),
            );
        }
    });
    assert!(made.bytes_current < 50 * 2_000, "{made:?}");
}

/// The limit of the metric that has one.
const FEW: usize = 2;

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

#[test]
fn labels_in_any_order_are_found_without_allocation() {
    let bench = bench();
    let counter = Counter::new("allocations_ordered_total", "")
        .with_label("service", "api")
        .register();
    let all = [("method", "GET"), ("route", "/orders"), ("status", "200")];
    // More orders than a series is found by as they stand.
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let round = || {
        for order in orders {
            counter.increment_with(&order.map(|at| all[at]));
        }
    };
    round();
    assert_eq!(measure(round).count_total, 0);
    let point = bench.one("allocations_ordered_total");
    assert!((point.value - 12.0).abs() < 1e-9);
}

/// Attributes of all types, not sorted.
fn attributes() -> Vec<KeyValue> {
    let codes: Vec<i64> = vec![200, 404];
    vec![
        KeyValue::new("status", 200_i64),
        KeyValue::new("cached", true),
        KeyValue::new("ratio", 0.25),
        KeyValue::new("method", "GET"),
        KeyValue::new("codes", Value::Array(codes.into())),
    ]
}

#[test]
fn third_party_attributes_are_found_without_allocation() {
    let bench = bench();
    let meter = bench.gate.meter("lib");
    let counter = meter.u64_counter("allocations.typed").build();
    let histogram = meter.f64_histogram("allocations.seen").build();
    let exponential = meter.f64_histogram("allocations.exponential").build();
    let viewed = meter.u64_counter("allocations.viewed").build();
    let given = attributes();
    let mut sorted = given.clone();
    sorted.sort_by(|one, other| one.key.cmp(&other.key));
    let mut reversed = sorted.clone();
    reversed.reverse();
    let bound = counter.bind(&sorted);
    let round = || {
        for set in [&given, &sorted, &reversed] {
            counter.add(1, set);
            histogram.record(0.5, set);
            exponential.record(0.5, set);
            viewed.add(1, set);
        }
        bound.add(1);
    };
    round();
    assert_eq!(measure(round).count_total, 0);
    let points = bench.collect();
    assert!((sum(&points, "allocations.typed") - 8.0).abs() < 1e-9);
    assert!((sum(&points, "allocations.viewed") - 6.0).abs() < 1e-9);
    assert_eq!(count(&points, "allocations.seen"), 6);
    assert_eq!(count(&points, "allocations.exponential"), 6);
}

#[test]
fn the_next_exemplar_of_a_window_costs_no_allocation() {
    let bench = bench();
    let meter = bench.gate.meter("lib");
    let counter = meter.u64_counter("allocations.sampled").build();
    let histogram = meter.f64_histogram("allocations.traced").build();
    let ids = (TraceId::from(7), SpanId::from(9));
    let span = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::NONE);
    let _active = opentelemetry::Context::new()
        .with_remote_span_context(span)
        .attach();
    let given = attributes();
    let round = || {
        counter.add(1, &given);
        histogram.record(0.5, &given);
    };
    round();
    assert_eq!(measure(round).count_total, 0);
    assert_eq!(bench.exemplars("allocations.traced").len(), 1);
}

#[test]
fn a_set_beyond_the_limit_is_counted_without_allocation() {
    let bench = bench();
    let meter = bench.gate.meter("lib");
    let counter = meter.u64_counter("allocations.full").build();
    let known = |at: usize| [KeyValue::new("at", i64::try_from(at).unwrap())];
    let given = attributes();
    (0..FEW).for_each(|at| counter.add(1, &known(at)));
    let round = || {
        counter.add(1, &known(FEW));
        counter.add(1, &known(FEW + 1));
        counter.add(1, &given);
    };
    round();
    assert_eq!(measure(round).count_total, 0);
    let points = bench.collect();
    let overflow = [KeyValue::new(OVERFLOW_KEY, true)];
    let beyond = points.iter().find(|point| point.labels == overflow);
    assert_eq!(beyond.map(|point| point.value), Some(6.0));
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

/// The result of a function: fine, of a kind that it declares, or of one that it does not.
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

#[test]
fn a_metered_call_with_two_labels_allocates_nothing() {
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
    assert_eq!(measure(round).count_total, 0);
    let points = bench.collect();
    let total = sum(&points, "allocations_labelled_requests_total");
    assert!((total - 2.0).abs() < 1e-9);
}
