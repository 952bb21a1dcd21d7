//! The layer that turns `tracing` spans into OpenTelemetry spans.

use std::cell::Cell;

use runar_otel_core::{
    call,
    head::{Coming, Listeners, UNSAMPLED},
    thread::{span_was_entered, span_was_made},
};
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Layer,
    filter::FilterFn,
    layer::{Context, Layered},
    registry::LookupSpan,
};

use crate::traces::{late::LateTracer, unheard};

/// Returns the layer for a subscriber of your own.
///
/// It exports `tracing` spans once [`init()`](crate::init) has run, and makes each entered span the
/// current one of OpenTelemetry, which is what gives exemplars their trace. It may be installed before
/// `init()` and outlives a shutdown; until `init()` and after a shutdown its spans record nothing. Use it
/// together with [`Builder::without_subscriber`](crate::Builder::without_subscriber).
///
/// It takes all levels: add `.with_filter(LevelFilter::INFO)` to leave out what libraries say at `debug`
/// and `trace`. Spans and events of OpenTelemetry itself are always left out. Meters that third parties take from
/// `opentelemetry::global` before `init()`, whose instruments record nothing, are reported once it is installed.
///
/// # Examples
/// ```
/// use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};
///
/// tracing_subscriber::registry()
///     .with(tracing_subscriber::fmt::layer())
///     .with(runar_otel::layer())
///     .init();
/// ```
#[must_use]
pub fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync + 'static,
{
    spans_from(LevelFilter::TRACE, Around::Unknown)
}

/// What may keep spans away from the layer, beside its own filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    /// Filters of the application.
    Unknown,
    /// Nothing: the subscriber is ours.
    Nothing,
    /// Nothing, and the log lines beside it show calls that have no span.
    Lines,
}

/// Returns the layer for spans and events of this level and the more important ones.
pub(crate) fn spans_from<S>(
    floor: LevelFilter,
    around: Around,
) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync + 'static,
{
    let spans: OpenTelemetryLayer<S, LateTracer> =
        OpenTelemetryLayer::new(LateTracer).with_context_activation(true);
    let marked: Layered<Mark, _, S> = spans.and_then(Mark { floor, around });
    let seen = FilterFn::new(move |metadata| is_seen(metadata, floor));
    marked.with_filter(seen.with_max_level_hint(floor))
}

/// Tells whether the layer sees a callsite at all. The answer is static, so `tracing` asks once.
///
/// Spans whose trace was decided against before they were made exist for logs only: hiding them here saves most of
/// their cost. Events of the OpenTelemetry crates are left out because some of them are emitted while the current
/// context is locked.
fn is_seen(metadata: &Metadata<'_>, floor: LevelFilter) -> bool {
    let is_ours = !is_internal(metadata) || unheard::is_told_by(metadata);
    *metadata.level() <= floor && !is_unsampled(metadata) && is_ours
}

fn is_unsampled(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.fields().field(UNSAMPLED).is_some()
}

/// Tells whether a span or event comes from the OpenTelemetry crates.
pub(crate) fn is_internal(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    ["opentelemetry", "tracing_opentelemetry"]
        .iter()
        .any(|name| target.starts_with(name))
}

/// Tells whether the subscriber that is current on this thread has the layer.
pub(crate) fn is_installed() -> bool {
    tracing::dispatcher::get_default(|dispatch| dispatch.downcast_ref::<Mark>().is_some())
}

/// Tells who hears of a span that is made now, on this thread, if the layer would see it.
pub(crate) fn sees(span: &Coming<'_>) -> Option<Listeners> {
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

/// Tells whether log lines show a call as they do with a span, if there is none: all of its fields are known, and it is
/// the first thing in its lines.
fn is_shown_alone(span: &Coming<'_>, dispatch: &Dispatch) -> bool {
    span.complete && dispatch.current_span().id().is_none() && call::spanless(None).is_none()
}

/// Asks all filters of a subscriber, some of which may want the span now and not at another time.
///
/// What they answer is kept by `tracing-subscriber` for the span that is made next. The second question takes it back,
/// because a layer that wants nothing at all makes it forget the answers.
fn reaches_mark(dispatch: &Dispatch, metadata: &Metadata<'_>) -> bool {
    /// A filter may panic.
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

/// What the mark is asked by us rather than by a macro of `tracing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    None,
    IsItSeen,
    /// The answer to the first question.
    Seen,
    Forget,
}

/// A layer that is found where our layer is, and sees what that sees. It notes that the thread has spans.
#[derive(Clone, Copy, Debug)]
struct Mark {
    floor: LevelFilter,
    around: Around,
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

#[cfg(test)]
mod tests {
    use opentelemetry::{
        Context,
        trace::{SpanContext, TraceContextExt, TraceState},
    };
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::{Registry, layer::SubscriberExt};

    use super::*;
    use crate::traces::late::{
        self,
        tests::{alone, in_memory, names},
    };

    fn current() -> SpanContext {
        Context::map_current(|context| context.span().span_context().clone())
    }

    #[test]
    fn entered_span_is_the_current_one() {
        let _alone = alone();
        let (provider, spans) = in_memory();
        late::install(&provider, None);
        let subscriber = Registry::default().with(layer());
        let inside = tracing::subscriber::with_default(subscriber, || {
            assert!(is_installed());
            let span = tracing::info_span!("outer").entered();
            assert_eq!(span.context().span().span_context(), &current());
            current()
        });
        late::uninstall();
        let exported = spans.get_finished_spans().unwrap();
        assert_eq!(exported.len(), 1);
        assert_eq!(exported[0].span_context, inside);
        assert!(inside.is_valid() && inside.is_sampled());
        assert!(!current().is_valid());
    }

    #[test]
    fn layer_installed_before_the_provider_follows_it_through_two_lives() {
        let _alone = alone();
        late::uninstall();
        let subscriber = Registry::default().with(layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("early").in_scope(|| ());
            let (first, first_spans) = in_memory();
            late::install(&first, None);
            tracing::info_span!("first").in_scope(|| ());
            assert_eq!(names(&first_spans), ["first"]);
            first.shutdown().unwrap();
            late::uninstall();
            tracing::info_span!("between").in_scope(|| ());
            let (second, second_spans) = in_memory();
            late::install(&second, None);
            tracing::info_span!("second").in_scope(|| ());
            late::uninstall();
            assert_eq!(names(&second_spans), ["second"]);
        });
    }

    #[test]
    fn remote_parent_travels_through_spans_without_provider() {
        let _alone = alone();
        late::uninstall();
        let remote = SpanContext::new(
            7.into(),
            8.into(),
            opentelemetry::trace::TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        let _parent = Context::new()
            .with_remote_span_context(remote.clone())
            .attach();
        let subscriber = Registry::default().with(layer());
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("handler").entered();
            assert_eq!(current(), remote);
        });
    }

    #[test]
    fn hidden_and_internal_spans_are_not_exported() {
        let _alone = alone();
        let (provider, spans) = in_memory();
        late::install(&provider, None);
        let subscriber = Registry::default().with(spans_from(LevelFilter::INFO, Around::Unknown));
        tracing::subscriber::with_default(subscriber, || {
            let seen = tracing::info_span!("seen").entered();
            let nothing = tracing::field::Empty;
            tracing::info_span!("decided", runar_otel.unsampled = nothing).in_scope(|| {
                assert_eq!(seen.context().span().span_context(), &current());
            });
            tracing::info_span!(target: "opentelemetry_sdk", "internal").in_scope(|| ());
            tracing::debug_span!("detail").in_scope(|| ());
            tracing::info!(target: "opentelemetry_sdk", "internal");
            tracing::info!("heard");
        });
        late::uninstall();
        assert_eq!(names(&spans), ["seen"]);
        let exported = spans.get_finished_spans().unwrap();
        assert_eq!(exported[0].events.len(), 1);
    }

    #[test]
    fn private_runtime_makes_no_spans() {
        let _alone = alone();
        let (provider, spans) = in_memory();
        late::install(&provider, None);
        let dispatch = tracing::Dispatch::new(Registry::default().with(layer()));
        let background = runar_otel_pipeline::background::Background::start().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let on_thread = dispatch.clone();
        background.handle().spawn(async move {
            tracing::dispatcher::with_default(&on_thread, || {
                tracing::info_span!("export").in_scope(|| {
                    tracing::info_span!(parent: None, "connection").in_scope(|| ());
                });
            });
            sender.send(()).unwrap();
        });
        receiver
            .recv_timeout(std::time::Duration::from_secs(10))
            .unwrap();
        tracing::dispatcher::with_default(&dispatch, || {
            tracing::info_span!("call").in_scope(|| ());
        });
        late::uninstall();
        assert_eq!(names(&spans), ["call"]);
    }
}
