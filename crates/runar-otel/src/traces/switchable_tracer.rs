//! A tracer that looks up the provider at each span, so that providers may be installed later, removed, and replaced.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use arc_swap::ArcSwapOption;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    trace::{
        Span, SpanBuilder, SpanContext, Status, Tracer, TracerProvider,
        noop::{NoopSpan, NoopTracer},
    },
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span as SdkSpan};
use runar_otel_core::{
    sampling::{self, Head, HeadSampler, UpcomingSpan},
    thread::with_context,
};

use crate::traces::{head::Decider, head_decision::Decision};

/// The installed provider; `None` while telemetry does not run.
static CURRENT: ArcSwapOption<Installed> = ArcSwapOption::const_empty();

/// Number of providers that were installed so far. Relaxed is enough: no other memory depends on the number.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// An installed provider: its tracer, and its decider.
struct Installed {
    tracer: SdkTracer,
    /// Decides about traces before their first span is made; `None` leaves the decision to the start of the span.
    decider: Option<Decider>,
    /// Number of the provider, unique in the process; ties a decision to its provider.
    number: u64,
}

/// Makes spans with this provider from now on, and lets metered calls ask the decider.
pub(crate) fn install(provider: &SdkTracerProvider, decider: Option<Decider>) {
    let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .build();
    CURRENT.store(Some(Arc::new(Installed {
        tracer: provider.tracer_with_scope(scope),
        decider,
        number: COUNT.fetch_add(1, Ordering::Relaxed),
    })));
    sampling::set_head_sampler(&SwitchableHead);
}

/// Makes spans that record nothing from now on.
pub(crate) fn uninstall() {
    CURRENT.store(None);
}

/// A tracer that looks up the installed provider when a span starts.
///
/// Without a provider, spans record nothing and pass on the context of their parent, so that a service whose
/// telemetry is off does not cut traces in two. Where telemetry is suppressed (our own thread), spans
/// are empty, even those without a parent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SwitchableTracer;

impl Tracer for SwitchableTracer {
    type Span = SwitchableSpan;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> SwitchableSpan {
        // A root span has an empty parent, which says nothing about the thread on which it starts.
        let suppressed = with_context(Context::is_telemetry_suppressed).unwrap_or(false);
        if suppressed || parent.is_telemetry_suppressed() {
            return SwitchableSpan(State::Off(NoopSpan::DEFAULT));
        }
        let current = CURRENT.load();
        SwitchableSpan(match current.as_deref() {
            Some(Installed { tracer, number, .. }) => {
                let span = match Decision::take(parent, &builder, *number) {
                    Some(decision) => {
                        decision.honoured(|| tracer.build_with_context(builder, parent))
                    }
                    None => tracer.build_with_context(builder, parent),
                };
                State::On(span)
            }
            None => State::Off(NoopTracer::new().build_with_context(builder, parent)),
        })
    }
}

/// The decider of whatever provider is installed when a call begins.
struct SwitchableHead;

impl HeadSampler for SwitchableHead {
    fn decide(&self, span: &UpcomingSpan<'_>) -> Head {
        let current = CURRENT.load();
        let Some(Installed {
            decider: Some(decider),
            number,
            ..
        }) = current.as_deref()
        else {
            return Head::Undecided;
        };
        decider.decide(span, *number)
    }
}

/// A span of the SDK, or one that records nothing.
#[derive(Debug)]
pub(crate) struct SwitchableSpan(State);

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "recording spans are the rule, a box would cost each of them an allocation"
)]
enum State {
    On(SdkSpan),
    Off(NoopSpan),
}

/// Calls a method on the span in either state.
macro_rules! forward {
    ($span:expr, $method:ident ( $($argument:expr),* )) => {
        match &mut $span.0 {
            State::On(span) => span.$method($($argument),*),
            State::Off(span) => span.$method($($argument),*),
        }
    };
}

impl Span for SwitchableSpan {
    fn add_event_with_timestamp<T>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
        forward!(self, add_event_with_timestamp(name, timestamp, attributes));
    }

    fn span_context(&self) -> &SpanContext {
        match &self.0 {
            State::On(span) => span.span_context(),
            State::Off(span) => span.span_context(),
        }
    }

    fn is_recording(&self) -> bool {
        matches!(&self.0, State::On(span) if span.is_recording())
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        forward!(self, set_attribute(attribute));
    }

    fn set_status(&mut self, status: Status) {
        forward!(self, set_status(status));
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        forward!(self, update_name(new_name));
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        forward!(self, add_link(span_context, attributes));
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        forward!(self, end_with_timestamp(timestamp));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use opentelemetry::trace::{SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
    use opentelemetry_sdk::trace::InMemorySpanExporter;

    use super::*;

    /// Tests that install a provider must not run at the same time.
    pub(crate) fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A provider that exports into memory at once.
    pub(crate) fn in_memory() -> (SdkTracerProvider, InMemorySpanExporter) {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        (provider, exporter)
    }

    /// The names of the exported spans.
    pub(crate) fn names(exporter: &InMemorySpanExporter) -> Vec<String> {
        let spans = exporter.get_finished_spans().unwrap();
        spans.iter().map(|span| span.name.to_string()).collect()
    }

    fn remote() -> (SpanContext, Context) {
        let context = SpanContext::new(
            TraceId::from(7),
            SpanId::from(8),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        let parent = Context::new().with_remote_span_context(context.clone());
        (context, parent)
    }

    #[test]
    fn without_provider_the_parent_is_passed_on() {
        let _alone = alone();
        uninstall();
        let (remote, parent) = remote();
        let span = SwitchableTracer.start_with_context("s", &parent);
        assert!(!span.is_recording());
        assert_eq!(*span.span_context(), remote);
        let root = SwitchableTracer.start_with_context("s", &Context::new());
        assert!(!root.span_context().is_valid());
    }

    #[test]
    fn spans_reach_the_provider_of_their_time() {
        let _alone = alone();
        let (first, first_spans) = in_memory();
        install(&first, None);
        SwitchableTracer.start("one");
        first.shutdown().unwrap();
        uninstall();
        SwitchableTracer.start("none");
        let (second, second_spans) = in_memory();
        install(&second, None);
        let mut span = SwitchableTracer.start("two");
        span.set_attribute(KeyValue::new("k", 1));
        drop(span);
        uninstall();
        assert_eq!(names(&second_spans), ["two"]);
        let spans = second_spans.get_finished_spans().unwrap();
        assert_eq!(spans[0].attributes, [KeyValue::new("k", 1)]);
        assert_eq!(spans[0].instrumentation_scope.name(), "runar-otel");
        drop(first_spans);
    }

    #[test]
    fn suppressed_thread_makes_no_root_spans_either() {
        let _alone = alone();
        let (provider, spans) = in_memory();
        install(&provider, None);
        let quiet = Context::enter_telemetry_suppressed_scope();
        SwitchableTracer.start("child");
        SwitchableTracer.start_with_context("root", &Context::new());
        drop(quiet);
        SwitchableTracer.start("heard");
        uninstall();
        assert_eq!(names(&spans), ["heard"]);
    }
}
