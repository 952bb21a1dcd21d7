//! Ends: values that are dropped while their thread unwinds, and when it is over.

use std::{cell::RefCell, panic, thread};

use opentelemetry::Context;
use runar_otel::{TimerHandle, prelude::*};

use crate::ledger::Account;

pub(crate) static DROPPED: Account = Account::new("stress_dropped_total", &[]);

pub(crate) static ENDED: Account = Account::new("stress_ended_total", &[]);

pub(crate) static LAST_CALLS: Account =
    Account::new("action_requests_total", &[("action", "last_call")]);

pub(crate) static TIMED: Account = Account::new("stress_timed_seconds", &[]);

/// Records when it is dropped.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.add(1);
        metrics::increment!("stress_dropped_total");
    }
}

#[metered(labels = ["kept"])]
fn unwinds(kept: &str) {
    let _dropped = Dropped;
    tracing::info!(kept, "before the panic");
    panic!("expected");
}

pub(crate) static UNWOUND: Account = Account::new(
    "action_requests_total",
    &[("action", "unwinds"), ("outcome", "panic")],
);

/// Unwinds through values that record. Without unwinding they are dropped in peace.
pub(crate) fn unwind() {
    if cfg!(panic = "abort") {
        return drop(Dropped);
    }
    UNWOUND.add(1);
    let caught = panic::catch_unwind(|| {
        let _dropped = Dropped;
        unwinds("k");
    });
    assert!(caught.is_err());
}

/// Records, and calls a metered function with a span, when its thread is at its end.
struct AtTheEnd(RefCell<Option<TimerHandle>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        ENDED.add(1);
        metrics::increment!("stress_ended_total");
        LAST_CALLS.add(1);
        last_call();
        metrics::add_label!("nobody", "asks");
        drop(self.0.take());
    }
}

/// Says nothing: an event of `tracing` itself ends the process there.
#[metered]
fn last_call() {}

thread_local! {
    static BEFORE: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
    static AFTER: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
}

/// The least that a thread may have, in a build without optimisation four times that.
const STACK: usize = if cfg!(debug_assertions) {
    64 << 10
} else {
    16 << 10
};

/// A thread that does little, with values that record at its end: some before its first record, some after it.
pub(crate) fn short_thread(number: u64) -> thread::JoinHandle<()> {
    let body = move || {
        BEFORE.with(|_| ());
        match number % 4 {
            0 => drop(Context::current()),
            1 => tracing::info_span!("short").in_scope(|| tracing::info!("inside")),
            2 => metrics::increment!("stress_short_total"),
            _ => {}
        }
        AFTER.with(|after| {
            if number.is_multiple_of(3) {
                TIMED.add(1);
                *after.0.borrow_mut() = Some(metrics::timer!("stress_timed_seconds"));
            }
        });
    };
    let made = thread::Builder::new().stack_size(STACK).spawn(body);
    made.unwrap_or_else(|error| panic!("a thread: {error}"))
}
