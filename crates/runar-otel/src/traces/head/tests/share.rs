//! The share of traces that is exported, and their ids.

use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use opentelemetry_sdk::trace::{Sampler as SdkSampler, SamplingDecision, ShouldSample};

use super::*;

fn is_accepted(ratio: f64, trace: TraceId) -> bool {
    let sampler = SdkSampler::TraceIdRatioBased(ratio);
    let result = sampler.should_sample(None, trace, "call", &SpanKind::Internal, &[], &[]);
    result.decision == SamplingDecision::RecordAndSample
}

#[test]
fn share_is_that_of_the_sampler_and_the_sampler_accepts_each_exported_id() {
    const CALLS: usize = 20_000;
    for (sampler, ratio) in [
        (Sampler::ParentBasedTraceIdRatio(0.05), 0.05),
        (Sampler::TraceIdRatio(0.05), 0.05),
        (Sampler::ParentBasedTraceIdRatio(0.5), 0.5),
    ] {
        let stage = Stage::new(sampler);
        let mut unsampled = Vec::new();
        let made = traced(|| {
            for _ in 0..CALLS {
                let ids = call(current);
                assert!(ids.is_valid());
                if !ids.is_sampled() {
                    unsampled.push(ids.trace_id());
                }
            }
        });
        let exported = stage.exported();
        let expected = ratio * CALLS as f64;
        let deviation = (expected * (1.0 - ratio)).sqrt();
        let off = (exported.len() as f64 - expected).abs();
        assert!(off < 6.0 * deviation, "{sampler:?}: {}", exported.len());
        assert_eq!(exported.len() + unsampled.len(), CALLS);
        for span in &exported {
            assert_eq!(span.name, "call");
            assert_eq!(span.parent_span_id, SpanId::INVALID);
            assert!(is_accepted(ratio, span.span_context.trace_id()));
        }
        assert!(!unsampled.iter().any(|trace| is_accepted(ratio, *trace)));
        // All were decided first: no unsampled one was made as a span of a trace.
        assert_eq!(made.hidden(), unsampled.len());
        assert_eq!(made.others(), exported.len());
    }
}

#[test]
fn always_recorded_spans_are_not_asked_for() {
    for sampler in [Sampler::AlwaysOn, Sampler::ParentBasedAlwaysOn] {
        let stage = Stage::new(sampler);
        let made = traced(|| (0..5).for_each(|_| warm()));
        assert_eq!(made.hidden(), 0);
        assert_eq!(stage.exported().len(), 5);
    }
}

#[test]
fn nothing_of_a_trace_is_exported_that_was_decided_against() {
    for sampler in [Sampler::AlwaysOff, Sampler::ParentBasedAlwaysOff, NEVER] {
        let stage = Stage::new(sampler);
        let made = traced(|| {
            for _ in 0..5 {
                call(|| {
                    tracing::info_span!("below").in_scope(|| tracing::info!("event"));
                    call(|| ());
                });
            }
        });
        assert_eq!(made.hidden(), 5, "{sampler:?}");
        assert_eq!(stage.names(), [""; 0]);
    }
}

/// The first call of a function shows `tracing` where it is, and is sampled like any span.
#[test]
fn first_call_of_a_function_is_sampled_as_ever() {
    #[metered(crate = crate)]
    fn fresh() -> SpanContext {
        current()
    }
    let stage = Stage::new(NEVER);
    let mut traces = Vec::new();
    let made = traced(|| traces.extend([fresh().trace_id(), fresh().trace_id()]));
    assert_eq!((made.others(), made.hidden()), (1, 1));
    assert_ne!(traces[0], traces[1]);
    assert_eq!(stage.names(), [""; 0]);
}

#[test]
fn decision_holds_for_one_span_in_the_provider_that_made_it() {
    let stage = Stage::new(Sampler::ParentBasedTraceIdRatio(0.5));
    let mut pairs = Vec::new();
    traced(|| {
        for _ in 0..400 {
            call(|| {
                let outer = current();
                let inner = tracing::info_span!(parent: None, "second root").in_scope(current);
                pairs.push((outer, inner));
            });
        }
    });
    let both = |outer, inner| {
        let fits = |(one, other): &&(SpanContext, SpanContext)| {
            one.is_sampled() == outer && other.is_sampled() == inner
        };
        pairs.iter().filter(fits).count()
    };
    for (outer, inner) in [(true, true), (true, false), (false, true), (false, false)] {
        assert!(both(outer, inner) > 40, "{outer} {inner}");
    }
    for (outer, inner) in &pairs {
        assert_ne!(outer.trace_id(), inner.trace_id());
        assert_eq!(inner.is_sampled(), is_accepted(0.5, inner.trace_id()));
    }
    drop(stage);
}

#[test]
fn without_provider_nothing_is_decided() {
    let stage = Stage::new(NEVER);
    traced(|| ());
    switchable_tracer::uninstall();
    let made = traced(|| assert!(!call(current).is_valid()));
    assert_eq!((made.hidden(), made.others()), (0, 1));
    drop(stage);
    let second = Stage::new(Sampler::ParentBasedAlwaysOn);
    let made = traced(|| assert!(call(current).is_sampled()));
    assert_eq!((made.hidden(), made.others()), (0, 1));
    drop(second);
}

#[test]
fn builder_can_have_all_spans_made() {
    let sampling = Sampling {
        keep_spans: true,
        ..Sampling::default()
    };
    let stage = Stage::with(NEVER, &sampling, |builder| builder);
    let made = traced(|| (0..5).for_each(|_| warm()));
    assert_eq!((made.hidden(), made.others()), (0, 5));
    drop(stage);
}
