//! Spans that have ended, read from OTLP.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};

use super::{hex, labels};
use crate::series::Labels;

/// A span that has ended: received over OTLP, or recorded by a [`Recorder`](crate::Recorder).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FinishedSpan {
    /// Name of the span.
    pub name: String,
    /// The trace in hexadecimal.
    pub trace_id: String,
    /// The span in hexadecimal.
    pub span_id: String,
    /// The span above it in hexadecimal; empty for a root.
    pub parent_span_id: String,
    /// `INTERNAL`, `SERVER`, `CLIENT`, `PRODUCER` or `CONSUMER`.
    pub kind: String,
    /// `UNSET`, `OK` or `ERROR`.
    pub status: String,
    /// The attributes as text.
    pub attributes: Labels,
    /// The names of its events.
    pub events: Vec<String>,
    /// The `service.name` of its resource; empty without one.
    pub service: String,
}

/// Converts a span of no known service.
pub(crate) fn finished(from: &Span) -> FinishedSpan {
    of_span(from, "")
}

/// Converts a span of a service.
pub(crate) fn of_span(from: &Span, service: &str) -> FinishedSpan {
    let kind = SpanKind::try_from(from.kind).unwrap_or_default();
    let status = from.status.as_ref().map(|status| status.code);
    let status = status.and_then(|code| StatusCode::try_from(code).ok());
    let short = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_owned();
    FinishedSpan {
        name: from.name.clone(),
        trace_id: hex(&from.trace_id),
        span_id: hex(&from.span_id),
        parent_span_id: hex(&from.parent_span_id),
        kind: short(kind.as_str_name(), "SPAN_KIND_"),
        status: short(status.unwrap_or_default().as_str_name(), "STATUS_CODE_"),
        attributes: labels(&from.attributes),
        events: from.events.iter().map(|event| event.name.clone()).collect(),
        service: service.to_owned(),
    }
}
