//! Deciding about a trace before its first span is made.

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SamplingDecision, ShouldSample};
use runar_otel_core::head::{Coming, Head};

use crate::traces::{decided::Decision, layer};

/// Decides with the sampler of a provider.
///
/// Only for samplers with which a trace that was decided against has no recorded span further down: those that follow
/// the parent, and those that look at nothing but the trace id.
#[derive(Debug)]
pub(crate) struct Decider {
    sampler: Box<dyn ShouldSample>,
    looks: Looks,
    ids: RandomIdGenerator,
}

/// What a sampler looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// The samplers of the SDK.
    AtTraceId,
    /// One of the application's own: it gets to see what it sees when the span starts, or is not asked here.
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

    /// Decides about a span if it begins a trace and is one that our layer sees.
    pub(crate) fn decide(&self, span: &Coming<'_>, provider: u64) -> Head {
        let complete = self.looks == Looks::AtTraceId || span.complete;
        if !complete {
            return Head::Undecided;
        }
        let Some(context) =
            Context::map_current(|context| begins(context).then(|| context.clone()))
        else {
            return Head::Undecided;
        };
        if !layer::sees(span) {
            return Head::Undecided;
        }
        let trace = self.ids.new_trace_id();
        let kind = kind_of(span.kind);
        let attributes = match self.looks {
            Looks::AtTraceId => Vec::new(),
            Looks::AtEverything => attributes(span),
        };
        let (sampler, name) = (&self.sampler, span.metadata.name());
        let result = sampler.should_sample(Some(&context), trace, name, &kind, &attributes, &[]);
        match result.decision {
            SamplingDecision::Drop => {
                Head::Unsampled(context.with_remote_span_context(SpanContext::new(
                    trace,
                    self.ids.new_span_id(),
                    TraceFlags::NOT_SAMPLED,
                    false,
                    result.trace_state,
                )))
            }
            SamplingDecision::RecordOnly | SamplingDecision::RecordAndSample => {
                let decision = Decision {
                    trace,
                    result,
                    metadata: span.metadata,
                    provider,
                };
                Head::Recorded(decision.within(&context))
            }
        }
    }
}

/// Whether a span that is made in this context begins a trace.
fn begins(context: &Context) -> bool {
    let has_parent = context.has_active_span() && context.span().span_context().is_valid();
    !has_parent && !context.is_telemetry_suppressed()
}

/// As `tracing-opentelemetry` reads `otel.kind`.
fn kind_of(kind: Option<&str>) -> SpanKind {
    match kind {
        Some("server") => SpanKind::Server,
        Some("client") => SpanKind::Client,
        Some("producer") => SpanKind::Producer,
        Some("consumer") => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// The attributes that the span will have when it starts, but for those of its thread.
fn attributes(span: &Coming<'_>) -> Vec<KeyValue> {
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
