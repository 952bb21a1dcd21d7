//! Contexts of OpenTelemetry: whoever attaches them, and whenever they come and go.

use std::{cell::RefCell, sync::Arc, thread};

use opentelemetry::{
    Context,
    context::{ContextObserver, GlobalContextObserver},
    metrics::Counter,
    metrics::MeterProvider,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use runar_otel_core::{
    gate::GateOptions,
    thread::{active_span, with_context},
};
use tracing_subscriber::{Layer, layer, layer::SubscriberExt as _};

use crate::{hostile::alone, reader::Bench};

fn span(flags: TraceFlags) -> SpanContext {
    let (trace, span) = (TraceId::from(7), SpanId::from(9));
    SpanContext::new(trace, span, flags, false, TraceState::NONE)
}

fn sampled() -> Context {
    Context::new().with_remote_span_context(span(TraceFlags::SAMPLED))
}

/// Counts once; how many exemplars it left.
fn exemplars(bench: &Bench, counter: &Counter<u64>, metric: &str) -> usize {
    counter.add(1, &[]);
    bench
        .exemplars(metric)
        .iter()
        .map(|(_, all)| all.len())
        .sum()
}

fn counting(metric: &'static str) -> (Bench, Counter<u64>) {
    let bench = Bench::new(GateOptions::default());
    let counter = bench.gate.meter("lib").u64_counter(metric).build();
    (bench, counter)
}

#[test]
fn the_span_of_the_innermost_context_is_linked() {
    let (bench, counter) = counting("contexts.nested");
    assert_eq!(exemplars(&bench, &counter, "contexts.nested"), 0);
    let outer = sampled().attach();
    {
        let _unsampled = Context::new()
            .with_remote_span_context(span(TraceFlags::NOT_SAMPLED))
            .attach();
        assert_eq!(exemplars(&bench, &counter, "contexts.nested"), 0);
        assert_eq!(
            active_span().unwrap().trace_flags(),
            TraceFlags::NOT_SAMPLED
        );
    }
    assert_eq!(exemplars(&bench, &counter, "contexts.nested"), 1);
    assert_eq!(active_span(), Some(span(TraceFlags::SAMPLED)));
    drop(outer);
    assert_eq!(active_span(), None);
    assert_eq!(exemplars(&bench, &counter, "contexts.nested"), 0);
}

#[test]
fn contexts_that_end_in_another_order_leave_the_right_span() {
    let (bench, counter) = counting("contexts.order");
    let outer = sampled().attach();
    let inner = Context::new().attach();
    drop(outer);
    assert_eq!(exemplars(&bench, &counter, "contexts.order"), 0);
    drop(inner);
    assert_eq!(active_span(), None);
}

#[test]
fn a_context_that_was_there_before_is_seen() {
    alone("contexts::observes_late");
}

#[test]
#[ignore = "run by the test above"]
fn observes_late() {
    let _before = sampled().attach();
    let (bench, counter) = counting("contexts.before");
    assert_eq!(exemplars(&bench, &counter, "contexts.before"), 1);
}

/// An observer of the application.
struct Other;

impl ContextObserver for Other {
    fn on_context_enter(&self, _: &Context, _: &Context) {}
    fn on_context_exit(&self, _: &Context, _: &Context) {}
}

#[test]
fn an_observer_of_the_application_stays() {
    alone("contexts::observes_beside_another");
}

#[test]
#[ignore = "run by the test above"]
fn observes_beside_another() {
    GlobalContextObserver::set(Arc::new(Other));
    let (bench, counter) = counting("contexts.other");
    assert_eq!(exemplars(&bench, &counter, "contexts.other"), 0);
    let _active = sampled().attach();
    assert_eq!(exemplars(&bench, &counter, "contexts.other"), 1);
}

struct AtTheEnd;

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        assert!(with_context(|_| ()).is_none());
    }
}

#[test]
fn a_destructor_of_a_thread_local_finds_no_context() {
    thread_local!(static FIRST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) });
    let thread = thread::spawn(|| {
        FIRST.with(|slot| *slot.borrow_mut() = Some(AtTheEnd));
        assert!(with_context(|_| ()).is_some());
    });
    thread.join().unwrap();
}

/// Counts what the API logs.
struct CountsLogs(Counter<u64>);

impl<S: tracing::Subscriber> Layer<S> for CountsLogs {
    fn on_event(&self, event: &tracing::Event<'_>, _: layer::Context<'_, S>) {
        if event.metadata().target() == "opentelemetry" {
            self.0.add(1, &[]);
        }
    }
}

#[test]
fn a_record_may_come_while_a_context_is_attached() {
    let (bench, counter) = counting("contexts.attaching");
    // `tracing` may forget about a thread's only subscriber.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::registry().with(CountsLogs(counter));
    tracing::subscriber::with_default(subscriber, || {
        // One more than the API takes, which it logs while it holds the contexts of the thread.
        let all: Vec<_> = (0..=u16::MAX).map(|_| sampled().attach()).collect();
        all.into_iter().rev().for_each(drop);
    });
    assert!(bench.one("contexts.attaching").value >= 1.0);
}
