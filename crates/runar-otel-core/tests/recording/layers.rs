//! Layers of the application that panic, and spans at the end of a thread.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    thread,
};

use runar_otel_core::{
    __private::{Call, Owner, Site, Verdict, in_async, in_sync, spans_are_alive},
    Timer,
    series::Moment,
};
use tracing::{
    Subscriber, info_span,
    span::{Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry,
};

use crate::{
    calls::{ACTION, NO_ERRORS, bench, lines, poll_once},
    hostile::alone,
};

/// Runs an ignored test of this file in a process of its own, since it may end it.
fn survives(test: &str) {
    alone(&format!("layers::{test}"));
}

/// A layer that panics: from some entering of a span on, or when a span is told something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bad {
    Entered,
    /// Not before the thread unwinds.
    EnteredLate,
    Told,
}

impl<S: Subscriber> Layer<S> for Bad {
    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        let unwinding = *self == Self::EnteredLate && thread::panicking();
        assert!(*self != Self::Entered && !unwinding, "a layer that panics");
    }

    fn on_record(&self, _: &Id, _: &Record<'_>, _: Context<'_, S>) {
        assert!(*self != Self::Told, "a layer that panics");
    }
}

/// Runs something that unwinds beside a bad layer; the lines of the service afterwards.
fn beside(bad: Bad, service: &'static str, work: impl FnOnce(Call)) -> Vec<String> {
    let bench = bench();
    let site: &'static Site = Box::leak(Box::new(Site::new(ACTION)));
    tracing::subscriber::with_default(registry().with(bad), || {
        let mut call = Call::begin(site, Owner::named(service, None), NO_ERRORS);
        let fields = info_span!("call", outcome = tracing::field::Empty);
        call.in_span(fields);
        let unwound = catch_unwind(AssertUnwindSafe(|| work(call)));
        assert!(unwound.is_err());
    });
    let all = bench.collect();
    let counted = lines(&all, "service", service).into_iter();
    counted
        .filter(|line| line.contains("_total") || line.contains("_active"))
        .collect()
}

fn totals(outcome: &str) -> Vec<String> {
    let errors = format!("action_errors_total{{action=act,error_type={outcome}}} 1");
    let requests = format!("action_requests_total{{action=act,outcome={outcome}}} 1");
    match outcome {
        "panic" => vec![errors, requests],
        _ => vec![requests],
    }
}

#[test]
fn a_layer_that_panics_on_entering_ends_the_call_once() {
    survives("enters_beside_a_layer_that_panics");
}

#[test]
#[ignore = "run by the test above"]
fn enters_beside_a_layer_that_panics() {
    let sync = beside(Bad::Entered, "layers_enter", |call| {
        in_sync(call, || (), |()| Verdict::Ok);
    });
    assert_eq!(sync, totals("panic"));
    let later = beside(Bad::Entered, "layers_enter_async", |call| {
        let _ = poll_once(pin!(in_async(call, async {}, |()| Verdict::Ok)));
    });
    assert_eq!(later, totals("panic"));
}

#[test]
fn a_call_that_unwinds_is_not_entered_for_its_end() {
    survives("unwinds_beside_a_layer_that_panics");
}

#[test]
#[ignore = "run by the test above"]
fn unwinds_beside_a_layer_that_panics() {
    let before = beside(Bad::EnteredLate, "layers_before", |_call| {
        panic!("before the first part");
    });
    assert_eq!(before, totals("panic"));
    let told = beside(Bad::Told, "layers_told", |_call| {
        panic!("before the first part");
    });
    assert_eq!(told, totals("panic"));
    let body = beside(Bad::Told, "layers_body", |call| {
        in_sync(call, || panic!("in the body"), |()| Verdict::Ok);
    });
    assert_eq!(body, totals("panic"));
    let waiting = beside(Bad::EnteredLate, "layers_waiting", |call| {
        let mut future = Box::pin(in_async(call, std::future::pending(), |()| Verdict::Ok));
        assert_eq!(poll_once(future.as_mut()), Poll::Pending);
        panic!("around the call");
    });
    assert_eq!(waiting, totals("cancelled"));
}

#[test]
fn a_layer_that_panics_on_record_loses_no_call() {
    let told = beside(Bad::Told, "layers_record", |call| {
        in_sync(call, || (), |()| Verdict::Ok);
    });
    assert_eq!(told, totals("ok"));
}

#[test]
fn a_timer_is_stopped_beside_a_layer_that_panics() {
    survives("stops_a_timer_beside_a_layer_that_panics");
}

#[test]
#[ignore = "run by the test above"]
fn stops_a_timer_beside_a_layer_that_panics() {
    let bench = bench();
    let timer = Timer::new("layers_timer_seconds", "")
        .with_span()
        .register();
    let subscriber = registry().with(Bad::EnteredLate);
    tracing::subscriber::with_default(subscriber, || {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _handle = timer.start();
            panic!("while it runs");
        }));
        assert!(unwound.is_err());
    });
    assert_eq!(bench.one("layers_timer_seconds").count, 1);
}

/// Records at the end of a thread.
struct Late(Box<dyn Fn()>);

impl Drop for Late {
    fn drop(&mut self) {
        (self.0)();
    }
}

thread_local!(static LATE: RefCell<Option<Late>> = const { RefCell::new(None) });

/// Runs something when a thread ends, and before that something in it: what that leaves on the thread goes first.
fn at_the_end(of: impl FnOnce() + Send + 'static, work: impl Fn() + Send + 'static) {
    let ending = thread::spawn(move || {
        LATE.with(|late| *late.borrow_mut() = Some(Late(Box::new(work))));
        of();
    });
    ending.join().unwrap();
}

#[test]
fn a_timer_with_a_span_runs_at_the_end_of_a_thread() {
    survives("times_at_the_end_of_a_thread");
}

#[test]
#[ignore = "run by the test above"]
fn times_at_the_end_of_a_thread() {
    let bench = bench();
    let global = registry().with(tracing_opentelemetry::layer());
    tracing::subscriber::set_global_default(global).unwrap();
    let timer = Timer::new("layers_late_seconds", "").with_span().register();
    let (first, last) = (timer.clone(), timer);
    at_the_end(
        move || drop(first.start()),
        move || {
            assert!(!spans_are_alive());
            last.time(|| ());
            last.retire();
        },
    );
    assert_eq!(bench.one("layers_late_seconds").count, 2);
    for stream in bench.streams("layers_late_seconds") {
        assert_eq!(stream.end_retired(Some(Moment::now())), 1);
    }
}
