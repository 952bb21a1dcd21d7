//! Traces that are decided before their first span, from `init()` to what a Collector receives.

use std::{collections::BTreeSet, time::Duration};

use opentelemetry::{
    Context,
    trace::{SpanKind, TraceContextExt, TraceId},
};
use opentelemetry_sdk::trace::{Sampler as SdkSampler, SamplingDecision, ShouldSample};
use runar_otel::{MetricsExporterKind, Sampler, TracesExporterKind, metered};
use runar_otel_testing::OtlpReceiver;

const RATIO: f64 = 0.05;
const CALLS: u32 = 10_000;

/// The trace that a call runs in, and whether that is recorded.
#[metered]
async fn handle() -> (TraceId, bool) {
    tokio::task::yield_now().await;
    tracing::info_span!("client").in_scope(current)
}

fn current() -> (TraceId, bool) {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        (ids.trace_id(), ids.is_sampled())
    })
}

fn is_accepted(trace: TraceId) -> bool {
    let sampler = SdkSampler::TraceIdRatioBased(RATIO);
    let result = sampler.should_sample(None, trace, "handle", &SpanKind::Internal, &[], &[]);
    result.decision == SamplingDecision::RecordAndSample
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collector_receives_the_share_of_traces_and_exemplars_of_these_alone() {
    let receiver = OtlpReceiver::start();
    let telemetry = runar_otel::builder()
        .otlp_endpoint(receiver.endpoint())
        .metrics_exporters([MetricsExporterKind::Otlp])
        .traces_exporters([TracesExporterKind::Otlp])
        .sampler(Sampler::ParentBasedTraceIdRatio(RATIO))
        .log_filter("off")
        .init()
        .unwrap();
    let mut sampled = BTreeSet::new();
    for _ in 0..CALLS {
        let (trace, is_sampled) = tokio::spawn(handle()).await.unwrap();
        assert_ne!(trace, TraceId::INVALID);
        assert_eq!(is_sampled, is_accepted(trace), "{trace}");
        if is_sampled {
            sampled.insert(trace.to_string());
        }
    }
    telemetry.shutdown().into_result().unwrap();

    let expected = RATIO * f64::from(CALLS);
    let off = (sampled.len() as f64 - expected).abs();
    assert!(off < 6.0 * expected.sqrt(), "{} sampled", sampled.len());
    let received = receiver.wait_until(|it| it.span("handle").is_some(), Duration::from_secs(10));
    for name in ["handle", "client"] {
        let spans = received.spans().iter().filter(|span| span.name == name);
        let traces: BTreeSet<_> = spans.map(|span| span.trace_id.clone()).collect();
        assert_eq!(traces, sampled, "{name}");
    }
    assert_eq!(received.spans().len(), 2 * sampled.len());
    let calls = receiver.metrics();
    let exemplars: Vec<_> = calls.iter().flat_map(|series| &series.exemplars).collect();
    assert!(!exemplars.is_empty());
    for exemplar in exemplars {
        assert!(sampled.contains(&exemplar.trace_id), "{exemplar:?}");
    }
    let counted = calls
        .iter()
        .filter(|it| it.name.starts_with("action_requests"))
        .filter_map(runar_otel_testing::Series::number)
        .sum::<f64>();
    assert_eq!(counted, f64::from(CALLS));
}
