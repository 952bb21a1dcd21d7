//! The span of a call, and the decision about its trace.

use std::{mem, thread::panicking};

use opentelemetry::{
    Context, ContextGuard, KeyValue,
    trace::{SpanId, Status, TraceContextExt},
};
use tracing::{Span, span::Entered};

use super::{
    callsite::SpanCallsite,
    decision::{Decision, PendingDecision},
    sampler::{Head, Listeners},
};
use crate::threads::{
    context::{context_is_alive, span_was_entered, spans_are_alive},
    deferred_drop::caught,
};

/// A span, and the context of its trace if the trace is unsampled.
#[derive(Debug)]
pub struct Opened(SpanState);

#[derive(Debug)]
enum SpanState {
    /// A span without a decision, or no span.
    Plain(Span),
    /// No span, because nobody wants that of an unsampled trace. Log lines may show the call all the same.
    Unsampled(Context, Option<&'static SpanCallsite>),
    /// A span with a decision. In a box, so that a future does not grow for the rare span that is sampled, or that
    /// exists for log lines.
    Decided(Box<DecidedSpan>),
}

#[derive(Debug)]
struct DecidedSpan {
    span: Span,
    listeners: Listeners,
    trace: TraceState,
}

#[derive(Debug)]
enum TraceState {
    Unsampled(Context),
    /// The decision, until the span is entered.
    Pending(Decision),
    Recorded(SpanId),
}

static NONE: Span = Span::none();

impl Opened {
    /// Returns an opened call without a span.
    #[must_use]
    pub const fn none() -> Self {
        Self(SpanState::Plain(Span::none()))
    }

    pub(crate) fn new(span: Span, head: Head, known: Option<&'static SpanCallsite>) -> Self {
        let (listeners, trace) = match head {
            Head::Undecided => return Self(SpanState::Plain(span)),
            Head::Unsampled(context, Listeners::Traces) => {
                return Self(SpanState::Unsampled(context, known));
            }
            Head::Unsampled(context, _) if span.is_none() => {
                return Self(SpanState::Unsampled(context, None));
            }
            Head::Unsampled(context, listeners) => (listeners, TraceState::Unsampled(context)),
            Head::Recorded(decision, listeners) => (listeners, TraceState::Pending(decision)),
        };
        Self(SpanState::Decided(Box::new(DecidedSpan {
            span,
            listeners,
            trace,
        })))
    }

    /// True if there is no span and no context to enter.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        matches!(&self.0, SpanState::Plain(span) if span.is_none())
    }

    /// The place of the call, if log lines are to show it without a span.
    #[inline]
    pub(crate) fn in_lines(&self) -> Option<&'static SpanCallsite> {
        match &self.0 {
            SpanState::Unsampled(_, known) => *known,
            SpanState::Plain(_) | SpanState::Decided(_) => None,
        }
    }

    /// The span; for log lines only if the trace is unsampled.
    #[must_use]
    pub fn span(&self) -> &Span {
        match &self.0 {
            SpanState::Plain(span) => span,
            SpanState::Unsampled(..) => &NONE,
            SpanState::Decided(decided) => &decided.span,
        }
    }

    /// Makes context and span the current ones, until the returned guard is dropped. Nothing happens at the end of a
    /// thread, when there is no context any more, or no room for spans.
    #[inline]
    pub(crate) fn enter(&mut self) -> EnteredSpan<'_> {
        match &mut self.0 {
            SpanState::Plain(span) if span.is_none() => EnteredSpan::NOTHING,
            SpanState::Plain(span) => {
                let span = &*span;
                EnteredSpan {
                    ends: EndTarget::Span(span),
                    _span: spans_are_alive().then(|| enter(span)),
                    _context: None,
                }
            }
            SpanState::Unsampled(context, _) => EnteredSpan {
                _context: context_is_alive().then(|| context.clone().attach()),
                ..EnteredSpan::NOTHING
            },
            SpanState::Decided(decided) => decided.enter(),
        }
    }

    /// Enters a span that is entered only once, see [`enter`](Self::enter).
    #[inline]
    pub(crate) fn enter_once(&mut self) -> EnteredSpan<'_> {
        if !matches!(self.0, SpanState::Unsampled(..)) {
            return self.enter();
        }
        match mem::replace(self, Self::none()).0 {
            SpanState::Unsampled(context, _) if context_is_alive() => EnteredSpan {
                _context: Some(context.attach()),
                ..EnteredSpan::NOTHING
            },
            _ => EnteredSpan::NOTHING,
        }
    }

    /// Enters for the end of a call, which may come while the thread unwinds: then a layer that panics is caught,
    /// because that would abort the process.
    pub(crate) fn enter_to_end(&mut self) -> EnteredSpan<'_> {
        if !panicking() {
            return self.enter();
        }
        caught(|| self.enter()).unwrap_or(EnteredSpan::NOTHING)
    }

    /// The place where the end of a call is noted without entering the span.
    pub(crate) fn ends(&self) -> EndTarget<'_> {
        match self.span() {
            span if span.is_none() => EndTarget::Nowhere,
            span => EndTarget::Span(span),
        }
    }
}

impl DecidedSpan {
    fn enter(&mut self) -> EnteredSpan<'_> {
        let Self {
            span,
            listeners,
            trace,
        } = self;
        let span = &*span;
        let mut within = EnteredSpan::NOTHING;
        if spans_are_alive() {
            match trace {
                TraceState::Unsampled(context) => {
                    within._context = Some(context.clone().attach());
                    within._span = Some(enter(span));
                }
                TraceState::Pending(decision) => {
                    within._span = Some(match decision.is_taken() {
                        true => enter(span),
                        false => {
                            let _pending = PendingDecision::new(decision);
                            enter(span)
                        }
                    });
                    // The end is noted in this span, or in none.
                    *trace = TraceState::Recorded(match span.is_disabled() {
                        true => SpanId::INVALID,
                        false => current_span(),
                    });
                }
                TraceState::Recorded(_) => within._span = Some(enter(span)),
            }
        }
        within.ends = match (*listeners, &*trace) {
            (Listeners::Any, _) | (_, TraceState::Pending(_)) => EndTarget::Span(span),
            (_, TraceState::Unsampled(_)) => EndTarget::Nowhere,
            (_, TraceState::Recorded(id)) => EndTarget::Current(*id, span),
        };
        within
    }
}

fn enter(span: &Span) -> Entered<'_> {
    let entered = span.enter();
    if !span.is_disabled() {
        span_was_entered();
    }
    entered
}

fn current_span() -> SpanId {
    Context::map_current(|context| context.span().span_context().span_id())
}

impl From<Span> for Opened {
    fn from(span: Span) -> Self {
        Self(SpanState::Plain(span))
    }
}

/// The guard of an entered span, see [`Opened::enter`]. The span is left before the context.
#[must_use]
pub(crate) struct EnteredSpan<'a> {
    pub(crate) ends: EndTarget<'a>,
    _span: Option<Entered<'a>>,
    _context: Option<ContextGuard>,
}

impl EnteredSpan<'_> {
    pub(crate) const NOTHING: Self = EnteredSpan {
        ends: EndTarget::Nowhere,
        _span: None,
        _context: None,
    };
}

/// The place where the end of a call is noted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndTarget<'a> {
    Nowhere,
    Span(&'a Span),
    /// The span of OpenTelemetry with this id, without the detour through `tracing`, if it is the current one.
    Current(SpanId, &'a Span),
}

impl EndTarget<'_> {
    /// Notes the end. The status of a span that did not fail is left to others.
    ///
    /// A layer that panics while the thread unwinds is caught: that would abort the process.
    #[inline]
    pub(crate) fn note_end(self, outcome: &'static str, error_type: Option<&'static str>) {
        if matches!(self, Self::Nowhere) {
            return;
        }
        if panicking() {
            let _ = caught(|| self.note_end_now(outcome, error_type));
        } else {
            self.note_end_now(outcome, error_type);
        }
    }

    fn note_end_now(self, outcome: &'static str, error_type: Option<&'static str>) {
        match self {
            Self::Nowhere => {}
            Self::Span(span) => note_in_span(span, outcome, error_type),
            Self::Current(id, span) => {
                if !note_in_current(id, outcome, error_type) {
                    note_in_span(span, outcome, error_type);
                }
            }
        }
    }
}

fn note_in_span(span: &Span, outcome: &'static str, error_type: Option<&'static str>) {
    if span.is_disabled() {
        return;
    }
    span.record("outcome", outcome);
    if let Some(kind) = error_type {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    }
}

/// Notes the end in the current span of OpenTelemetry, if it is this one: the body may have left another behind.
fn note_in_current(id: SpanId, outcome: &'static str, error_type: Option<&'static str>) -> bool {
    id != SpanId::INVALID
        && context_is_alive()
        && Context::map_current(|context| {
            let span = context.span();
            let is_it = span.span_context().span_id() == id;
            if is_it {
                span.set_attribute(KeyValue::new("outcome", outcome));
                if let Some(kind) = error_type {
                    span.set_attribute(KeyValue::new("error.type", kind));
                    span.set_status(Status::error(""));
                }
            }
            is_it
        })
}
