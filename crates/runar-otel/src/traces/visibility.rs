//! The spans and events that our layer sees.

use std::cell::Cell;

use runar_otel_core::{
    call,
    sampling::{Listeners, UNSAMPLED, UpcomingSpan},
    thread::{span_was_entered, span_was_made},
};
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, layer::Context};

use crate::traces::unheard;

/// The filters that may keep spans away from the layer, beside its own.
#[cfg_attr(
    not(feature = "subscriber"),
    expect(dead_code, reason = "our own subscriber knows its filters")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    /// Unknown filters, in a subscriber of the application: they are asked for each span.
    Unknown,
    /// No filters: the subscriber is ours. A log directive is about spans, so lines depend on the spans of calls.
    Nothing,
    /// No filters: the subscriber is ours. Its log lines show calls that have no span.
    Lines,
}

/// True if the layer sees a callsite. The answer is static, so `tracing` asks once.
///
/// Spans of a trace that was unsampled before they were made exist for logs only: hiding them here saves most of their
/// cost. Events of the OpenTelemetry crates are left out because some of them are emitted while the current context is
/// locked.
pub(crate) fn is_seen(metadata: &Metadata<'_>, floor: LevelFilter) -> bool {
    let is_ours = !is_internal(metadata) || unheard::is_told_by(metadata);
    *metadata.level() <= floor && !is_unsampled(metadata) && is_ours
}

fn is_unsampled(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.fields().field(UNSAMPLED).is_some()
}

/// True if a span or event comes from the OpenTelemetry crates.
pub(crate) fn is_internal(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    ["opentelemetry", "tracing_opentelemetry"]
        .iter()
        .any(|name| target.starts_with(name))
}

/// True if the subscriber that is current on this thread has the layer.
pub(crate) fn is_installed() -> bool {
    tracing::dispatcher::get_default(|dispatch| dispatch.downcast_ref::<Mark>().is_some())
}

/// Returns the listeners of a span that is about to be made on this thread; `None` if the layer would not see the span.
pub(crate) fn sees(span: &UpcomingSpan<'_>) -> Option<Listeners> {
    tracing::dispatcher::get_default(|dispatch| {
        let mark = dispatch.downcast_ref::<Mark>()?;
        match mark.around {
            Around::Nothing | Around::Lines => {
                let is_seen = span.always || is_seen(span.metadata, mark.floor);
                let listeners = match mark.around == Around::Lines && is_shown_alone(span, dispatch)
                {
                    true => Listeners::Traces,
                    false => Listeners::Ours,
                };
                is_seen.then_some(listeners)
            }
            Around::Unknown => {
                let is_seen = span.always || reaches_mark(dispatch, span.metadata);
                is_seen.then_some(Listeners::Any)
            }
        }
    })
}

/// True if log lines can show a call without a span as they would with one: all its fields are known, and it is outside
/// of all spans and of all other calls without a span.
fn is_shown_alone(span: &UpcomingSpan<'_>, dispatch: &Dispatch) -> bool {
    span.complete && dispatch.current_span().id().is_none() && call::spanless_call(None).is_none()
}

/// True if all filters of a subscriber let a span through to the mark. A filter may want the span now and not at
/// another time, so the answer is not kept.
///
/// `tracing-subscriber` keeps the filters' answers for the span that is made next. A second question, which the mark
/// denies, makes `tracing-subscriber` forget these answers.
fn reaches_mark(dispatch: &Dispatch, metadata: &Metadata<'_>) -> bool {
    /// Resets the question on drop, because a filter may panic.
    struct Over;
    impl Drop for Over {
        fn drop(&mut self) {
            QUESTION.set(Question::None);
        }
    }
    let _over = Over;
    QUESTION.set(Question::IsItSeen);
    let is_enabled = dispatch.enabled(metadata);
    if QUESTION.replace(Question::None) != Question::Seen {
        return false;
    }
    QUESTION.set(Question::Forget);
    dispatch.enabled(metadata);
    is_enabled
}

thread_local! {
    static QUESTION: Cell<Question> = const { Cell::new(Question::None) };
}

/// A question to the mark that we ask, rather than a macro of `tracing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    None,
    IsItSeen,
    /// The answer to `IsItSeen`: the question has reached the mark.
    Seen,
    Forget,
}

/// A marker layer beside our layer, behind the same filter: a subscriber that has the mark has our layer. The mark also
/// notes that the thread has spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) floor: LevelFilter,
    pub(crate) around: Around,
}

impl<S: Subscriber> Layer<S> for Mark {
    fn enabled(&self, _: &Metadata<'_>, _: Context<'_, S>) -> bool {
        match QUESTION.get() {
            Question::None | Question::Seen => true,
            Question::IsItSeen => {
                QUESTION.set(Question::Seen);
                true
            }
            Question::Forget => false,
        }
    }

    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        span_was_made();
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        span_was_entered();
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if unheard::is_told_by(event.metadata()) {
            unheard::report(event);
        }
    }
}
