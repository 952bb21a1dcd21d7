//! The layer that turns `tracing` spans into OpenTelemetry spans.

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer, filter::FilterFn, layer::Layered, registry::LookupSpan};

use crate::traces::{
    switchable_tracer::SwitchableTracer,
    visibility::{Around, Mark, is_seen},
};

/// Returns the layer for a subscriber of your own.
///
/// The layer exports `tracing` spans once [`init()`](crate::init) has run, and makes each entered span the current one
/// of OpenTelemetry, which gives exemplars their trace. The layer may be installed before `init()` and outlives a
/// shutdown; until `init()` and after a shutdown its spans record nothing. Use it together with
/// [`Builder::without_subscriber`](crate::Builder::without_subscriber).
///
/// The layer takes all levels: add `.with_filter(LevelFilter::INFO)` to leave out spans and events of libraries at
/// `debug` and `trace`. Spans and events of OpenTelemetry itself are always left out. Meters that third parties take
/// from `opentelemetry::global` before `init()`, whose instruments record nothing, are reported once the layer is
/// installed.
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

/// Returns the layer for spans and events of this level and the more important ones.
pub(crate) fn spans_from<S>(
    floor: LevelFilter,
    around: Around,
) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync + 'static,
{
    let spans: OpenTelemetryLayer<S, SwitchableTracer> =
        OpenTelemetryLayer::new(SwitchableTracer).with_context_activation(true);
    let marked: Layered<Mark, _, S> = spans.and_then(Mark { floor, around });
    let seen = FilterFn::new(move |metadata| is_seen(metadata, floor));
    marked.with_filter(seen.with_max_level_hint(floor))
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
    use crate::traces::{
        switchable_tracer::{
            self,
            tests::{alone, in_memory, names},
        },
        visibility::is_installed,
    };

    fn current() -> SpanContext {
        Context::map_current(|context| context.span().span_context().clone())
    }

    #[test]
    fn entered_span_is_the_current_one() {
        let _alone = alone();
        let (provider, spans) = in_memory();
        switchable_tracer::install(&provider, None);
        let subscriber = Registry::default().with(layer());
        let inside = tracing::subscriber::with_default(subscriber, || {
            assert!(is_installed());
            let span = tracing::info_span!("outer").entered();
            assert_eq!(span.context().span().span_context(), &current());
            current()
        });
        switchable_tracer::uninstall();
        let exported = spans.get_finished_spans().unwrap();
        assert_eq!(exported.len(), 1);
        assert_eq!(exported[0].span_context, inside);
        assert!(inside.is_valid() && inside.is_sampled());
        assert!(!current().is_valid());
    }

    #[test]
    fn layer_installed_before_the_provider_follows_it_through_two_lives() {
        let _alone = alone();
        switchable_tracer::uninstall();
        let subscriber = Registry::default().with(layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("early").in_scope(|| ());
            let (first, first_spans) = in_memory();
            switchable_tracer::install(&first, None);
            tracing::info_span!("first").in_scope(|| ());
            assert_eq!(names(&first_spans), ["first"]);
            first.shutdown().unwrap();
            switchable_tracer::uninstall();
            tracing::info_span!("between").in_scope(|| ());
            let (second, second_spans) = in_memory();
            switchable_tracer::install(&second, None);
            tracing::info_span!("second").in_scope(|| ());
            switchable_tracer::uninstall();
            assert_eq!(names(&second_spans), ["second"]);
        });
    }

    #[test]
    fn remote_parent_travels_through_spans_without_provider() {
        let _alone = alone();
        switchable_tracer::uninstall();
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
        switchable_tracer::install(&provider, None);
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
        switchable_tracer::uninstall();
        assert_eq!(names(&spans), ["seen"]);
        let exported = spans.get_finished_spans().unwrap();
        assert_eq!(exported[0].events.len(), 1);
    }

    #[test]
    fn private_runtime_makes_no_spans() {
        let _alone = alone();
        let (provider, spans) = in_memory();
        switchable_tracer::install(&provider, None);
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
        switchable_tracer::uninstall();
        assert_eq!(names(&spans), ["call"]);
    }
}
