//! Plain places: threads that record as applications do, all at once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::{
    KeyValue, global,
    metrics::{Counter as Foreign, Histogram as ForeignHistogram},
};
use runar_otel::{Counter, Gauge, UpDownCounter, prelude::*};

use crate::ledger::Account;

pub(crate) static CALLS: [Account; 4] = [
    Account::new(
        "action_requests_total",
        &[("action", "worked"), ("outcome", "ok")],
    ),
    Account::new(
        "action_requests_total",
        &[("action", "worked"), ("outcome", "error")],
    ),
    Account::new(
        "action_requests_total",
        &[("action", "worked"), ("outcome", "cancelled")],
    ),
    Account::new("action_duration_seconds", &[("action", "worked")]),
];

pub(crate) static CHURNED: Account = Account::new("stress_churned_total", &[]);

pub(crate) static SIZES: Account = Account::new("stress_sizes", &[]);

pub(crate) static FOREIGN: [Account; 2] = [
    Account::new("stress_foreign_total", &[]),
    Account::new("stress_foreign_sizes", &[]),
];

pub(crate) static BALANCE: Account = Account::new("stress_balance", &[]);

#[metered(labels = ["tenant", "tier"])]
async fn worked(tenant: &str, fails: bool) -> Result<usize, std::io::Error> {
    metrics::add_label!("tier", "gold");
    tokio::task::yield_now().await;
    let length = within(tenant);
    if fails {
        return Err(std::io::Error::other("expected"));
    }
    Ok(length)
}

#[metered(level = "trace")]
fn within(tenant: &str) -> usize {
    let span = tracing::info_span!("part", size = tracing::field::Empty);
    span.record("size", tenant.len());
    span.in_scope(|| tracing::trace!("inside"));
    tracing::info_span!("other").follows_from(&span);
    tenant.len()
}

/// Calls that succeed, fail, and are dropped half-way.
pub(crate) fn call(number: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let Ok(runtime) = runtime else { return };
    let tenant = format!("t{}", number % 50);
    let [ok, error, cancelled, durations] = &CALLS;
    durations.add(1);
    match number % 3 {
        0 => {
            ok.add(1);
            assert!(runtime.block_on(worked(&tenant, false)).is_ok());
        }
        1 => {
            error.add(1);
            assert!(runtime.block_on(worked(&tenant, true)).is_err());
        }
        _ => {
            cancelled.add(1);
            let mut call = Box::pin(worked(&tenant, false));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
    }
}

/// More label sets than there are places for, each in another order than the one before.
pub(crate) fn churn(number: u64) {
    CHURNED.add(2);
    let (id, zone) = (
        format!("{}", number % 3000),
        ["a", "b", "c"][(number % 3) as usize],
    );
    let labels = [("id", id.as_str()), ("zone", zone), ("kind", "x")];
    let counter = Counter::new("stress_churned_total", "Churned").register();
    counter.increment_with(&labels);
    counter.increment_with(&[labels[2], labels[0], labels[1]]);
    SIZES.add(1);
    metrics::observe!("stress_sizes", value: number % 100, labels: {"zone" => zone});
}

/// Levels that come back to where they were, and series that end.
pub(crate) fn level(number: u64) {
    let balance = UpDownCounter::new("stress_balance", "Balance").register();
    balance.add(3);
    balance.add(-3);
    let gauge = Gauge::new("stress_level", "Level").register();
    let connection = format!("{}", number % 500);
    gauge.set_with(number as f64, &[("connection", &connection)]);
    gauge.retire_with(&[("connection", &connection)]);
}

/// The instruments of a third party, made anew for each provider.
pub(crate) struct Theirs {
    counter: Foreign<u64>,
    histogram: ForeignHistogram<f64>,
}

pub(crate) static THEIRS: Mutex<Option<Theirs>> = Mutex::new(None);

/// To be called once there is a provider.
pub(crate) fn make_theirs() {
    let meter = global::meter("stress");
    let theirs = Theirs {
        counter: meter.u64_counter("stress_foreign").build(),
        histogram: meter.f64_histogram("stress_foreign_sizes").build(),
    };
    *THEIRS.lock().unwrap_or_else(PoisonError::into_inner) = Some(theirs);
}

pub(crate) fn foreign(number: u64) {
    let theirs = THEIRS.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(theirs) = &*theirs else { return };
    let labels = [
        KeyValue::new("at", (number % 20) as i64),
        KeyValue::new("b", true),
    ];
    let [counter, histogram] = &FOREIGN;
    counter.add(3);
    histogram.add(1);
    theirs.counter.add(1, &labels);
    theirs.counter.bind(&labels).add(2);
    theirs.histogram.record(0.5, &labels);
}

/// Records in no ledger, also while providers come and go.
pub(crate) fn heckle(number: u64) {
    let counter = Counter::new("stress_heckled_total", "Heckled").register();
    counter.increment_with(&[("at", &format!("{}", number % 100))]);
    metrics::set!("stress_heckled", value: number);
    drop(heckled());
    std::thread::sleep(Duration::from_micros(50));
}

#[metered]
async fn heckled() {}
