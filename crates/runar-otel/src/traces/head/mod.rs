//! Deciding about a trace before its first span is made.

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceId},
};
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SamplingResult, ShouldSample,
};
use runar_otel_core::sampling::{self, Head, UpcomingSpan};

use crate::traces::{
    head_decision::{Decision, has_parent},
    visibility::sees,
};

/// The sampler of a provider, asked before the first span of a trace is made.
///
/// Only for samplers with which a trace that was decided against has no recorded span further down: those that follow
/// the parent, and those that look at nothing but the trace id.
#[derive(Debug)]
pub(crate) struct Decider {
    sampler: Box<dyn ShouldSample>,
    looks: Looks,
    ids: RandomIdGenerator,
}

/// The inputs by which a sampler decides.
#[derive(Debug)]
pub(crate) enum Looks {
    /// The trace id and the parent alone, as the SDK's samplers do. The field is the sampler for spans without a
    /// parent.
    AtTraceId(Sampler),
    /// Name, kind and attributes as well, as a sampler of the application's own may do. Such a sampler is asked here
    /// only if it sees the fields that it would see at the start of the span.
    AtEverything,
}

impl Decider {
    pub(crate) fn new(sampler: Box<dyn ShouldSample>, looks: Looks) -> Self {
        Self {
            sampler,
            looks,
            ids: RandomIdGenerator::default(),
        }
    }

    /// Decides about a span that begins a trace and that our layer sees; all others stay undecided.
    pub(crate) fn decide(&self, span: &UpcomingSpan<'_>, provider: u64) -> Head {
        if matches!(self.looks, Looks::AtEverything) && !span.complete {
            return Head::Undecided;
        }
        let Some(context) =
            Context::map_current(|context| begins(context).then(|| context.clone()))
        else {
            return Head::Undecided;
        };
        let Some(listeners) = sees(span) else {
            return Head::Undecided;
        };
        let trace = self.ids.new_trace_id();
        let result = self.ask(span, &context, trace);
        match result.decision {
            SamplingDecision::Drop => {
                let (id, state) = (self.ids.new_span_id(), result.trace_state);
                let ids = SpanContext::new(trace, id, TraceFlags::NOT_SAMPLED, false, state);
                Head::Unsampled(context.with_remote_span_context(ids), listeners)
            }
            SamplingDecision::RecordOnly | SamplingDecision::RecordAndSample => {
                let decision = Decision {
                    trace,
                    result,
                    metadata: span.metadata,
                    provider,
                };
                Head::Recorded(sampling::Decision::new(decision), listeners)
            }
        }
    }

    fn ask(&self, span: &UpcomingSpan<'_>, context: &Context, trace: TraceId) -> SamplingResult {
        let (name, kind) = (span.metadata.name(), kind_of(span.kind));
        let ask = |sampler: &dyn ShouldSample, attributes: &[KeyValue]| {
            sampler.should_sample(Some(context), trace, name, &kind, attributes, &[])
        };
        match &self.looks {
            Looks::AtEverything => ask(&*self.sampler, &attributes(span)),
            // An empty span is a parent to the SDK.
            Looks::AtTraceId(_) if context.has_active_span() => ask(&*self.sampler, &[]),
            Looks::AtTraceId(root) => root.should_sample(None, trace, name, &kind, &[], &[]),
        }
    }
}

/// True if a span that is made in this context begins a trace: it has no parent, and telemetry is not suppressed.
fn begins(context: &Context) -> bool {
    !has_parent(context) && !context.is_telemetry_suppressed()
}

/// Converts the field `otel.kind` as `tracing-opentelemetry` does; `Internal` by default.
fn kind_of(kind: Option<&str>) -> SpanKind {
    match kind {
        Some("server") => SpanKind::Server,
        Some("client") => SpanKind::Client,
        Some("producer") => SpanKind::Producer,
        Some("consumer") => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// Returns the attributes that the span will have when it starts, but for those of its thread.
fn attributes(span: &UpcomingSpan<'_>) -> Vec<KeyValue> {
    let metadata = span.metadata;
    let place = [
        metadata
            .file()
            .map(|file| KeyValue::new("code.file.path", file)),
        metadata
            .module_path()
            .map(|module| KeyValue::new("code.module.name", module)),
        metadata
            .line()
            .map(|line| KeyValue::new("code.line.number", i64::from(line))),
        Some(KeyValue::new("target", metadata.target())),
    ];
    let fields = span.fields.iter();
    place
        .into_iter()
        .flatten()
        .chain(fields.map(|(key, value)| KeyValue::new(*key, *value)))
        .collect()
}

#[cfg(test)]
mod tests;
