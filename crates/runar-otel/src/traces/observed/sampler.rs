//! The count of spans that are started: every span asks the sampler, recorded or not.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue,
    metrics::{BoundCounter, Meter},
    trace::{Link, SpanKind, TraceContextExt, TraceId},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use crate::traces::head_decision::DecidedSampler;

/// A sampler that counts its answers, one for each span.
#[derive(Clone, Debug)]
pub(in crate::traces) struct CountingSampler {
    inner: DecidedSampler,
    /// By origin of the parent, and by result.
    started: Arc<[[BoundCounter<u64>; 3]; 3]>,
}

/// The values of `otel.span.parent.origin`.
const ORIGINS: [&str; 3] = ["none", "local", "remote"];

/// The values of `otel.span.sampling_result`.
const RESULTS: [&str; 3] = ["DROP", "RECORD_ONLY", "RECORD_AND_SAMPLE"];

impl CountingSampler {
    pub(in crate::traces) fn new(inner: DecidedSampler, meter: &Meter) -> Self {
        let counter = meter
            .u64_counter("otel.sdk.span.started")
            .with_unit("{span}")
            .with_description("The number of created spans.")
            .build();
        let bound = |origin, result| {
            counter.bind(&[
                KeyValue::new("otel.span.parent.origin", origin),
                KeyValue::new("otel.span.sampling_result", result),
            ])
        };
        let started = ORIGINS.map(|origin| RESULTS.map(|result| bound(origin, result)));
        Self {
            inner,
            started: Arc::new(started),
        }
    }
}

impl ShouldSample for CountingSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let answer = self
            .inner
            .should_sample(parent, trace, name, kind, attributes, links);
        let [none, local, remote] = &*self.started;
        let [drop, only, sample] = match parent.map(|parent| parent.span().span_context().clone()) {
            Some(parent) if parent.is_valid() && parent.is_remote() => remote,
            Some(parent) if parent.is_valid() => local,
            _ => none,
        };
        match answer.decision {
            SamplingDecision::Drop => drop,
            SamplingDecision::RecordOnly => only,
            SamplingDecision::RecordAndSample => sample,
        }
        .add(1);
        answer
    }
}
