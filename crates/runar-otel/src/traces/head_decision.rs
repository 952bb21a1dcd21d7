//! The sampling decision on a trace, taken before its first span exists, and the span that is built by it.
//!
//! The decision lies in a thread-local while `tracing` creates the span. The tracer takes the decision, once, and hands
//! its trace id and result to the provider's id generator and sampler while the span is built.

use std::{
    cell::{Cell, RefCell},
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{Link, SpanBuilder, SpanId, SpanKind, TraceContextExt, TraceId},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SamplingResult, ShouldSample};
use runar_otel_core::sampling;
use tracing::Metadata;

/// A decision on one span.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) trace: TraceId,
    pub(crate) result: SamplingResult,
    /// The callsite of the span.
    pub(crate) metadata: &'static Metadata<'static>,
    /// Number of the provider whose sampler decided; another provider ignores the decision.
    pub(crate) provider: u64,
}

impl Decision {
    /// Takes the decision on the span that is being built. `None` unless the span begins a trace, in the provider that
    /// decided, at the callsite for which the decision was made; a decision is taken once.
    pub(crate) fn take(
        parent: &Context,
        builder: &SpanBuilder,
        provider: u64,
    ) -> Option<Box<Self>> {
        sampling::take_decision(|it: &Self| {
            it.provider == provider && !has_parent(parent) && it.is_of(builder)
        })
    }

    fn is_of(&self, builder: &SpanBuilder) -> bool {
        let attributes = builder.attributes.as_deref().unwrap_or_default();
        let is = |key: &str, holds: &dyn Fn(&Value) -> bool| {
            let found = attributes.iter().find(|it| it.key.as_str() == key);
            found.is_none_or(|it| holds(&it.value))
        };
        let (file, line) = (self.metadata.file(), self.metadata.line().map(i64::from));
        is(
            "code.line.number",
            &|it| matches!(it, Value::I64(at) if Some(*at) == line),
        ) && is("code.file.path", &|it| Some(it.as_str().as_ref()) == file)
    }

    /// Builds a span with the decided trace id and sampling result.
    pub(crate) fn honoured<R>(self, build: impl FnOnce() -> R) -> R {
        let _cleared = Cleared;
        let _ = TRACE.try_with(|trace| trace.set(Some(self.trace)));
        let _ = RESULT.try_with(|result| result.replace(Some(self.result)));
        build()
    }
}

/// True if a span that is made in this context has a valid parent, so that it belongs to an existing trace.
pub(crate) fn has_parent(context: &Context) -> bool {
    context.has_active_span() && context.span().span_context().is_valid()
}

thread_local! {
    static TRACE: Cell<Option<TraceId>> = const { Cell::new(None) };
    static RESULT: RefCell<Option<SamplingResult>> = const { RefCell::new(None) };
}

fn take_result() -> Option<SamplingResult> {
    let taken = RESULT.try_with(|result| result.try_borrow_mut().ok()?.take());
    taken.ok().flatten()
}

/// Clears both thread-locals on drop, so that no later span takes a decision that this span left.
struct Cleared;

impl Drop for Cleared {
    fn drop(&mut self) {
        let _ = TRACE.try_with(Cell::take);
        drop(take_result());
    }
}

/// True if a span was made since [`forget_spans`]. Relaxed is enough: nothing else depends on it.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// True if a span was made since [`forget_spans`].
pub(crate) fn has_spans() -> bool {
    BEGUN.load(Ordering::Relaxed)
}

/// Begins to watch for spans anew.
pub(crate) fn forget_spans() {
    BEGUN.store(false, Ordering::Relaxed);
}

/// An id generator: the decided trace id for a decided span, otherwise random ids.
#[derive(Debug, Default)]
pub(crate) struct DecidedIds(RandomIdGenerator);

impl IdGenerator for DecidedIds {
    fn new_trace_id(&self) -> TraceId {
        let decided = TRACE.try_with(Cell::take).ok().flatten();
        decided.unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        if !BEGUN.load(Ordering::Relaxed) {
            BEGUN.store(true, Ordering::Relaxed);
        }
        self.0.new_span_id()
    }
}

/// A sampler that returns the decided result for a decided span, and otherwise asks the inner sampler.
#[derive(Clone)]
pub(crate) struct DecidedSampler(pub(crate) Box<dyn ShouldSample>);

impl ShouldSample for DecidedSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        take_result().unwrap_or_else(|| {
            self.0
                .should_sample(parent, trace, name, kind, attributes, links)
        })
    }
}

impl fmt::Debug for DecidedSampler {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
