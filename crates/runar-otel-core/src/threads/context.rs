//! The OpenTelemetry context of a recording thread: the span that is active there, and whether the context can still be
//! used.
//!
//! The API has no way to ask for the context that never fails: at the end of a thread it panics, and while a context is
//! being attached, too, which a layer of `tracing` sees if the API logs something just then. So an observer of the API
//! notes the ids of the active span where a record finds them: in a thread-local without a destructor.
//!
//! Spans of `tracing` are like contexts: what a registry of `tracing-subscriber` keeps for the thread is gone at its
//! end, and a span that is made or entered then aborts the process.

use std::{
    cell::Cell,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
    },
    thread::LocalKey,
};

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    context::{ContextObserver, GlobalContextObserver},
    trace::{SpanContext, TraceContextExt, TraceState},
};

use super::deferred_drop::caught;

/// The state of this thread's context.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ContextState {
    Unknown,
    /// Being determined: a record made meanwhile, such as that of a panic hook, does without the context.
    Asking,
    Alive,
    Gone,
}

/// Knowledge about the active span.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SeenSpan {
    /// No context came or went on this thread since contexts are observed.
    Nothing,
    /// No sampled span.
    Unsampled,
    Sampled,
}

/// The ids of a span.
#[derive(Clone, Copy)]
pub(crate) struct ActiveSpan {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) flags: TraceFlags,
}

impl ActiveSpan {
    const NONE: Self = Self {
        trace_id: TraceId::INVALID,
        span_id: SpanId::INVALID,
        flags: TraceFlags::NOT_SAMPLED,
    };

    fn of(context: &Context) -> Self {
        if !context.has_active_span() {
            return Self::NONE;
        }
        let span = context.span();
        let ids = span.span_context();
        Self {
            trace_id: ids.trace_id(),
            span_id: ids.span_id(),
            flags: ids.trace_flags(),
        }
    }

    pub(crate) fn is_sampled(self) -> bool {
        self.flags.is_sampled()
    }

    fn is_valid(self) -> bool {
        self.trace_id != TraceId::INVALID && self.span_id != SpanId::INVALID
    }

    /// Converts the ids to the context of a span, which can be attached later.
    pub(crate) fn span_context(self) -> SpanContext {
        let state = TraceState::default();
        SpanContext::new(self.trace_id, self.span_id, self.flags, false, state)
    }
}

thread_local! {
    // Without destructors, so that they can be asked for at any time in the life of a thread.
    static STATE: Cell<ContextState> = const { Cell::new(ContextState::Unknown) };
    static SEEN: Cell<SeenSpan> = const { Cell::new(SeenSpan::Nothing) };
    static ACTIVE: Cell<ActiveSpan> = const { Cell::new(ActiveSpan::NONE) };
    /// Born after the context of the thread, and so dropped before it.
    static SENTINEL: ContextSentinel = const { ContextSentinel };
    /// The bits [`MADE`], [`ENTERED`] and [`GONE`].
    static SPANS: Cell<u8> = const { Cell::new(0) };
    /// Dropped before the data of a registry, which are older: a registry keeps one value for the thread with the first
    /// span that is made, and another one with the first that is entered.
    static AFTER_MADE: SpanSentinel = const { SpanSentinel };
    static AFTER_ENTERED: SpanSentinel = const { SpanSentinel };
}

/// A span was made on this thread.
const MADE: u8 = 1;

/// A span was entered on this thread.
const ENTERED: u8 = 2;

/// The thread ends: there may be no more spans.
const GONE: u8 = 4;

struct SpanSentinel;

impl Drop for SpanSentinel {
    fn drop(&mut self) {
        SPANS.set(GONE | MADE | ENTERED);
    }
}

/// Notes that a span that is not disabled was made on this thread.
#[inline]
pub fn span_was_made() {
    if SPANS.get() & MADE == 0 {
        watch_spans(MADE, &AFTER_MADE);
    }
}

/// Notes that a span that is not disabled was entered on this thread.
#[inline]
pub fn span_was_entered() {
    if SPANS.get() & ENTERED == 0 {
        watch_spans(ENTERED, &AFTER_ENTERED);
    }
}

#[cold]
fn watch_spans(what: u8, sentinel: &'static LocalKey<SpanSentinel>) {
    let gone = sentinel.try_with(|_| ()).is_err();
    SPANS.set(SPANS.get() | if gone { GONE | what } else { what });
}

/// True if a span can be made and entered on this thread. In the destructor of a thread-local that aborts the process
/// once the context, or the data of the span registry, is gone.
#[inline]
#[must_use]
pub fn spans_are_alive() -> bool {
    SPANS.get() & GONE == 0 && context_is_alive()
}

struct ContextSentinel;

impl Drop for ContextSentinel {
    fn drop(&mut self) {
        STATE.set(ContextState::Gone);
    }
}

/// Notes the active span whenever a context comes or goes. Called while the API holds the context of the thread, so
/// that no function of the API may be called here.
struct ActiveSpanObserver;

impl ContextObserver for ActiveSpanObserver {
    fn on_context_enter(&self, _: &Context, to: &Context) {
        note(to);
    }

    fn on_context_exit(&self, _: &Context, to: &Context) {
        note(to);
    }
}

#[inline]
fn note(context: &Context) {
    let active = ActiveSpan::of(context);
    ACTIVE.set(active);
    SEEN.set(match active.is_sampled() {
        true => SeenSpan::Sampled,
        false => SeenSpan::Unsampled,
    });
    if STATE.get() == ContextState::Unknown {
        begin();
    }
}

/// Notes that the context of the thread exists.
#[cold]
fn begin() {
    STATE.set(match SENTINEL.try_with(|_| ()) {
        Ok(()) => ContextState::Alive,
        Err(_) => ContextState::Gone,
    });
}

/// False if another observer was there first: the API has one place.
static OBSERVES: AtomicBool = AtomicBool::new(false);

/// Begins to observe contexts, once. Contexts that are attached already are seen on this thread alone.
pub(crate) fn observe_contexts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        GlobalContextObserver::set(Arc::new(ActiveSpanObserver));
        if context_is_alive() {
            SEEN.set(SeenSpan::Nothing);
            drop(Context::current().attach());
            OBSERVES.store(SEEN.get() != SeenSpan::Nothing, Ordering::Release);
        }
    });
}

/// False if no sampled span is active. Inlined, and read from a thread-local of one byte: a record without a sampled span
/// does not touch the context (`benches/record`, *counter, no span* and *counter, unsampled span*; `tests/instructions`,
/// *counter, unsampled span*). The price is an observer that runs whenever a context comes or goes.
#[inline(always)]
pub(crate) fn may_be_sampled() -> bool {
    match SEEN.get() {
        SeenSpan::Unsampled => false,
        SeenSpan::Sampled => true,
        SeenSpan::Nothing => may_be_sampled_unseen(),
    }
}

#[cold]
fn may_be_sampled_unseen() -> bool {
    active_unseen().is_some_and(ActiveSpan::is_sampled)
}

/// The active span; `None` without one.
#[inline]
pub(crate) fn active() -> Option<ActiveSpan> {
    match SEEN.get() {
        SeenSpan::Nothing => active_unseen(),
        SeenSpan::Unsampled | SeenSpan::Sampled => {
            Some(ACTIVE.get()).filter(|active| active.is_valid())
        }
    }
}

#[cold]
fn active_unseen() -> Option<ActiveSpan> {
    if OBSERVES.load(Ordering::Acquire) {
        SEEN.set(SeenSpan::Unsampled);
        return None;
    }
    with_context(ActiveSpan::of).filter(|active| active.is_valid())
}

/// The ids of the active span; `None` without one.
#[must_use]
pub fn active_span() -> Option<SpanContext> {
    active().map(ActiveSpan::span_context)
}

/// Reads the context, if the thread still has one.
pub fn with_context<R>(read: impl FnOnce(&Context) -> R) -> Option<R> {
    context_is_alive().then(|| Context::map_current(read))
}

/// True if the context can be read and changed: in the destructor of a thread-local that aborts the process once the
/// context is gone.
#[inline]
pub(crate) fn context_is_alive() -> bool {
    STATE.get() == ContextState::Alive || ask_context()
}

#[cold]
fn ask_context() -> bool {
    if STATE.get() != ContextState::Unknown {
        return false;
    }
    STATE.set(ContextState::Asking);
    let there = caught(|| Context::map_current(|_| ()));
    if there.is_some() {
        begin();
    } else {
        STATE.set(ContextState::Gone);
    }
    STATE.get() == ContextState::Alive
}
