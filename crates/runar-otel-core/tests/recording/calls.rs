//! Metered calls: how they end, and what that counts.

use std::{
    any::Any,
    cell::RefCell,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::pin,
    sync::MutexGuard,
    task::{Context, Poll, Waker},
    time::Duration,
};

use opentelemetry::trace::Status;
use runar_otel_core::__private::{
    Call, Function, Owner, Role, ServiceMeta, Site, Verdict, in_async, in_sync, verdict,
};

use crate::{
    facade,
    reader::{Bench, Point},
    timer::Tracing,
};

/// A metered action without anything special.
pub(crate) const ACTION: Function = Function {
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

/// A service without anything special.
pub(crate) const SERVICE: ServiceMeta = ServiceMeta {
    name: "",
    prefix: "",
    events: false,
    actions: false,
    module: "calls",
    at: Location::caller(),
};

pub(crate) const NO_ERRORS: fn() -> &'static [&'static str] = || &[];

/// The provider of the process, after the zeroes of the tests before.
pub(crate) fn bench() -> MutexGuard<'static, Bench> {
    let bench = facade::bench();
    bench.collect();
    bench
}

/// The points of a service or an event, as `name{labels} value`: those that are not zero.
pub(crate) fn lines(points: &[Point], label: &str, value: &str) -> Vec<String> {
    let mut all: Vec<String> = points
        .iter()
        .filter(|point| {
            let mut labels = point.labels.iter();
            labels.any(|kv| kv.key.as_str() == label && kv.value.as_str() == value)
        })
        .filter(|point| point.count > 0 || (point.bounds.is_empty() && point.value != 0.0))
        .map(line)
        .collect();
    all.sort();
    all
}

pub(crate) fn line(point: &Point) -> String {
    let labels: Vec<String> = point
        .labels
        .iter()
        .filter(|kv| kv.key.as_str() != "service")
        .map(|kv| format!("{}={}", kv.key, kv.value))
        .collect();
    let value = if point.bounds.is_empty() {
        point.value
    } else {
        f64::from(u32::try_from(point.count).unwrap())
    };
    format!("{}{{{}}} {value}", point.metric, labels.join(","))
}

/// Polls once, like a runtime does.
pub(crate) fn poll_once<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    pin!(&mut future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a future on this thread; the lock of the bench may be held meanwhile.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

pub(crate) fn begin(site: &'static Site, service: &'static str) -> Call {
    Call::begin(site, Owner::named(service, None), NO_ERRORS)
}

#[test]
fn a_call_counts_its_outcome_once() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let call = |verdict: Verdict| in_sync(begin(&SITE, "calls_sync"), || 5, |_| verdict);
    assert_eq!(call(Verdict::Ok), 5);
    call(Verdict::Error("busy"));
    let panicked = catch_unwind(|| {
        in_sync(
            begin(&SITE, "calls_sync"),
            || panic!("expected"),
            |()| Verdict::Ok,
        );
    });
    panicked.unwrap_err();
    drop(begin(&SITE, "calls_sync"));
    assert_eq!(
        lines(&bench.collect(), "service", "calls_sync"),
        [
            "action_duration_seconds{action=act,outcome=cancelled} 1",
            "action_duration_seconds{action=act,outcome=error} 1",
            "action_duration_seconds{action=act,outcome=ok} 1",
            "action_duration_seconds{action=act,outcome=panic} 1",
            "action_errors_total{action=act,error_type=busy} 1",
            "action_errors_total{action=act,error_type=panic} 1",
            "action_requests_total{action=act,outcome=cancelled} 1",
            "action_requests_total{action=act,outcome=error} 1",
            "action_requests_total{action=act,outcome=ok} 1",
            "action_requests_total{action=act,outcome=panic} 1",
        ]
    );
}

#[test]
fn an_async_call_ends_with_its_body() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let service = "calls_async";
    let body = async {
        tokio::task::yield_now().await;
        Err::<(), &str>("no")
    };
    let returned = finish(in_async(begin(&SITE, service), body, |returned| {
        verdict!(returned)
    }));
    assert_eq!(returned, Err("no"));
    assert_eq!(
        lines(&bench.collect(), "service", service),
        [
            "action_duration_seconds{action=act,outcome=error} 1",
            "action_errors_total{action=act,error_type=_OTHER} 1",
            "action_requests_total{action=act,outcome=error} 1",
        ]
    );
}

#[test]
fn a_call_is_active_until_it_is_dropped() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let mut call = Box::pin(in_async(
        begin(&SITE, "calls_dropped"),
        std::future::pending::<()>(),
        |()| Verdict::Ok,
    ));
    assert!(poll_once(&mut call).is_pending());
    assert_eq!(
        lines(&bench.collect(), "service", "calls_dropped"),
        ["action_active_requests{action=act} 1"]
    );
    drop(call);
    assert_eq!(
        lines(&bench.collect(), "service", "calls_dropped"),
        [
            "action_duration_seconds{action=act,outcome=cancelled} 1",
            "action_requests_total{action=act,outcome=cancelled} 1",
        ]
    );
}

#[test]
fn a_poll_that_unwinds_is_a_panic() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let body = async { panic!("expected") };
    let mut call = Box::pin(in_async(begin(&SITE, "calls_panic"), body, |()| {
        Verdict::Ok
    }));
    catch_unwind(AssertUnwindSafe(|| poll_once(&mut call))).unwrap_err();
    let counted = [
        "action_duration_seconds{action=act,outcome=panic} 1",
        "action_errors_total{action=act,error_type=panic} 1",
        "action_requests_total{action=act,outcome=panic} 1",
    ];
    assert_eq!(
        lines(&bench.collect(), "service", "calls_panic"),
        counted,
        "before the future is dropped"
    );
    drop(call);
    assert_eq!(
        lines(&bench.collect(), "service", "calls_panic"),
        [""; 0],
        "nothing more when it is"
    );
}

#[test]
fn a_future_dropped_while_its_caller_unwinds_is_cancelled() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let unwound = catch_unwind(|| {
        let mut call = Box::pin(in_async(
            begin(&SITE, "calls_unwound"),
            std::future::pending::<()>(),
            |()| Verdict::Ok,
        ));
        assert!(poll_once(&mut call).is_pending());
        panic!("expected");
    });
    unwound.unwrap_err();
    assert_eq!(
        lines(&bench.collect(), "service", "calls_unwound"),
        [
            "action_duration_seconds{action=act,outcome=cancelled} 1",
            "action_requests_total{action=act,outcome=cancelled} 1",
        ]
    );
}

#[test]
fn a_panic_between_begin_and_body_counts_as_one() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let unwound = catch_unwind(|| {
        let _call = begin(&SITE, "calls_between");
        panic!("a label could not be shown");
    });
    unwound.unwrap_err();
    assert_eq!(
        lines(&bench.collect(), "service", "calls_between"),
        [
            "action_duration_seconds{action=act,outcome=panic} 1",
            "action_errors_total{action=act,error_type=panic} 1",
            "action_requests_total{action=act,outcome=panic} 1",
        ]
    );
}

#[test]
fn a_function_that_nobody_meters_records_nothing() {
    static SITE: Site = Site::new(Function {
        metered: false,
        ..ACTION
    });
    let bench = bench();
    let call = begin(&SITE, "calls_unmetered");
    assert!(!call.records());
    in_sync(call, || (), |()| Verdict::Ok);
    assert_eq!(
        lines(&bench.collect(), "service", "calls_unmetered"),
        [""; 0]
    );
}

#[test]
fn one_function_of_several_owners_keeps_them_apart() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    for service in ["calls_one", "calls_other", "calls_one"] {
        in_sync(begin(&SITE, service), || (), |()| Verdict::Ok);
    }
    let points = bench.collect();
    let requests = |service: &str| lines(&points, "service", service)[1].clone();
    assert_eq!(
        requests("calls_one"),
        "action_requests_total{action=act,outcome=ok} 2"
    );
    assert_eq!(
        requests("calls_other"),
        "action_requests_total{action=act,outcome=ok} 1"
    );
}

#[test]
fn the_span_says_how_the_call_ended_and_lasts_as_long() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let tracing = Tracing::start();
    let mut call = begin(&SITE, "calls_spanned");
    call.in_span(tracing::info_span!(
        "spanned",
        service = call.service(),
        outcome = tracing::field::Empty,
        "error.type" = tracing::field::Empty,
        otel.status_code = tracing::field::Empty
    ));
    let started = std::time::Instant::now();
    in_sync(
        call,
        || while started.elapsed() < Duration::from_millis(3) {},
        |()| Verdict::Error("busy"),
    );
    let span = tracing.span("spanned");
    let attribute = |name: &str| {
        let mut all = span.attributes.iter();
        all.find(|kv| kv.key.as_str() == name)
            .map(|kv| kv.value.to_string())
    };
    assert_eq!(attribute("outcome").as_deref(), Some("error"));
    assert_eq!(attribute("error.type").as_deref(), Some("busy"));
    assert!(matches!(span.status, Status::Error { .. }));
    let taken = bench.exemplars("action_duration_seconds");
    let linked = taken
        .iter()
        .flat_map(|(_, kept)| kept)
        .find(|kept| {
            kept.span
                .is_some_and(|link| link.span_id == span.span_context.span_id())
        })
        .unwrap();
    // The span begins before the clock and ends after it.
    let lasted = span.end_time.duration_since(span.start_time).unwrap();
    assert!(
        linked.value >= 0.003 && linked.value <= lasted.as_secs_f64() + 1e-3,
        "{lasted:?} {}",
        linked.value
    );
    assert!(bench.collect().iter().any(|point| point.count == 1));
}

#[test]
fn awaited_futures_run_below_the_span_of_the_call() {
    static SITE: Site = Site::new(ACTION);
    let _bench = bench();
    let tracing = Tracing::start();
    let mut call = begin(&SITE, "calls_parent");
    call.in_span(tracing::info_span!("outer"));
    let body = async {
        tokio::task::yield_now().await;
        tracing::info_span!("inner").in_scope(|| ());
    };
    let mut call = Box::pin(in_async(call, body, |()| Verdict::Ok));
    while poll_once(&mut call).is_pending() {}
    let outer = tracing.span("outer");
    assert_eq!(
        tracing.span("inner").parent_span_id,
        outer.span_context.span_id()
    );
    assert_eq!(
        outer.status,
        Status::Unset,
        "what went well is left to others"
    );
}

std::thread_local! {
    static KEPT: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Leaves a call to the end of its thread.
fn leave_behind(site: &'static Site, service: &'static str) {
    let tracing = Tracing::start();
    let mut call = begin(site, service);
    call.in_span(tracing::info_span!("at the end"));
    let body = std::future::pending::<()>();
    let mut call = Box::pin(in_async(call, body, |()| Verdict::Ok));
    assert!(poll_once(&mut call).is_pending());
    KEPT.with(|kept| *kept.borrow_mut() = Some(Box::new(call)));
    drop(tracing);
}

#[test]
fn a_call_may_end_with_its_thread() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let before = || {
        // Destroyed after what the call uses.
        KEPT.with(|_| ());
        leave_behind(&SITE, "calls_thread");
    };
    std::thread::spawn(before).join().unwrap();
    std::thread::spawn(|| leave_behind(&SITE, "calls_thread"))
        .join()
        .unwrap();
    assert_eq!(
        lines(&bench.collect(), "service", "calls_thread"),
        [
            "action_duration_seconds{action=act,outcome=cancelled} 2",
            "action_requests_total{action=act,outcome=cancelled} 2",
        ]
    );
}

#[test]
fn the_wrapper_of_a_future_is_small() {
    static SITE: Site = Site::new(ACTION);
    let _bench = bench();
    let body = async {
        let kept = [0_u8; 64];
        tokio::task::yield_now().await;
        kept
    };
    let plain = size_of_val(&body);
    let wrapped = in_async(begin(&SITE, "calls_size"), body, |_| Verdict::Ok);
    let more = size_of_val(&wrapped) - plain;
    assert_eq!(
        more, 112,
        "the call, of which the span or the context of its trace is 48"
    );
}

#[test]
fn a_call_can_be_shown() {
    static SITE: Site = Site::new(ACTION);
    let _bench = bench();
    let call = begin(&SITE, "calls_shown");
    let shown = format!("{call:?} {SITE:?}");
    assert!(shown.contains("calls_shown"), "{shown}");
}
