//! Calls that are not the first of their trace, and spans below calls that are.

use opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::*;

fn remote(flags: TraceFlags) -> Context {
    let ids = SpanContext::new(
        TraceId::from(0xabc),
        SpanId::from(0xdef),
        flags,
        true,
        TraceState::NONE,
    );
    Context::new().with_remote_span_context(ids)
}

#[test]
fn remote_parent_decides() {
    for flags in [TraceFlags::SAMPLED, TraceFlags::NOT_SAMPLED] {
        let stage = Stage::new(NEVER);
        let made = traced(|| {
            let _request = remote(flags).attach();
            let ids = call(current);
            assert_eq!(ids.trace_id(), TraceId::from(0xabc));
            assert_eq!(ids.is_sampled(), flags.is_sampled());
        });
        assert_eq!(made.hidden(), 0);
        let exported = stage.exported();
        assert_eq!(exported.len(), usize::from(flags.is_sampled()));
        for span in exported {
            assert_eq!(span.parent_span_id, SpanId::from(0xdef));
            assert!(span.parent_span_is_remote);
        }
    }
}

#[test]
fn local_parent_decides() {
    let stage = Stage::new(NEVER);
    let made = traced(|| {
        let unsampled = tracing::info_span!("unsampled").entered();
        let outer = current();
        assert!(outer.is_valid() && !outer.is_sampled());
        assert_eq!(call(current).trace_id(), outer.trace_id());
        drop(unsampled);

        let request = tracing::info_span!("sampled");
        request.set_parent(remote(TraceFlags::SAMPLED)).unwrap();
        request.in_scope(|| assert!(call(current).is_sampled()));
    });
    assert_eq!(made.hidden(), 0);
    assert_eq!(stage.names(), ["call", "sampled"]);
    assert_eq!(
        stage.exported()[0].span_context.trace_id(),
        TraceId::from(0xabc)
    );
}

/// An invalid span context is no parent, so a call in it begins a trace.
#[test]
fn invalid_span_context_is_no_parent() {
    let _stage = Stage::new(NEVER);
    let made = traced(|| {
        let nothing = Context::new().with_remote_span_context(SpanContext::empty_context());
        let _nothing = nothing.attach();
        assert!(call(current).is_valid());
    });
    assert_eq!(made.hidden(), 1);
}

#[test]
fn explicit_parents_below_an_unsampled_call_are_kept() {
    let stage = Stage::new(NEVER);
    traced(|| {
        let request = tracing::info_span!("request");
        request.set_parent(remote(TraceFlags::SAMPLED)).unwrap();
        call(|| {
            assert!(!current().is_sampled());
            tracing::info_span!(parent: &request, "by the macro").in_scope(|| ());
            let set = tracing::info_span!("set later");
            set.set_parent(remote(TraceFlags::SAMPLED)).unwrap();
            set.in_scope(|| ());
            drop(set);
            let _attached = remote(TraceFlags::SAMPLED).attach();
            tracing::info_span!("attached").in_scope(|| ());
            call(|| assert!(current().is_sampled()));
        });
    });
    assert_eq!(
        stage.names(),
        ["by the macro", "set later", "attached", "call", "request"]
    );
    for span in stage.exported() {
        assert_eq!(span.span_context.trace_id(), TraceId::from(0xabc));
    }
}

#[test]
fn all_spans_below_an_unsampled_call_are_of_its_trace() {
    let stage = Stage::new(NEVER);
    traced(|| {
        call(|| {
            let outer = current();
            assert!(outer.is_valid() && !outer.is_sampled() && !outer.is_remote());
            tracing::info_span!("one").in_scope(|| {
                let one = current();
                assert_eq!(one.trace_id(), outer.trace_id());
                assert!(!one.is_sampled());
                assert_ne!(one.span_id(), outer.span_id());
                assert_eq!(call(current).trace_id(), outer.trace_id());
            });
            assert_eq!(call(current).trace_id(), outer.trace_id());
        });
        assert!(!current().is_valid());
    });
    assert_eq!(stage.names(), [""; 0]);
}

#[test]
fn clients_below_an_unsampled_call_send_its_trace_on() {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use std::collections::HashMap;

    fn sent(context: &Context) -> String {
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(context, &mut headers);
        headers.remove("traceparent").unwrap_or_default()
    }

    let _stage = Stage::new(NEVER);
    traced(|| {
        call(|| {
            let ids = current();
            let directly = sent(&Context::current());
            let (trace, span) = (ids.trace_id(), ids.span_id());
            assert_eq!(directly, format!("00-{trace}-{span}-00"));

            let client = tracing::info_span!("client").entered();
            let by_span = sent(&tracing::Span::current().context());
            let client_span = current().span_id();
            assert_eq!(by_span, format!("00-{trace}-{client_span}-00"));
            drop(client);

            // As documented: the span that is current here is none of a trace.
            assert_eq!(sent(&tracing::Span::current().context()), "");
        });
    });
}

#[test]
fn span_that_is_kept_has_its_context() {
    #[metered(crate = crate, keep_span)]
    fn kept() -> (SpanContext, SpanContext) {
        let by_span = tracing::Span::current().context();
        (current(), by_span.span().span_context().clone())
    }
    let stage = Stage::new(NEVER);
    let made = traced(|| {
        for _ in 0..3 {
            let (current, by_span) = kept();
            assert!(by_span.is_valid());
            assert_eq!(current, by_span);
        }
    });
    assert_eq!((made.hidden(), made.others()), (0, 3));
    assert_eq!(stage.names(), [""; 0]);
}
