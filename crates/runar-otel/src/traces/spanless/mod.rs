//! Unsampled calls that have no span, in log lines.
//!
//! Such a call begins only outside of all spans, so the call comes first in a line. The standard formatter writes the
//! line without the call, which is then inserted.

use std::fmt::{self, Write};

use runar_otel_core::call;
use tracing::{
    Event, Subscriber,
    field::Value,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    fmt::{FmtContext, FormatFields, FormattedFields, format::Writer},
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use crate::traces::directives::Directives;

/// A layer that notes for each span the call without a span in which it was made, since the span may be entered
/// elsewhere, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteCalls;

/// The call without a span in which a span was made. The parents of that span are not around the call.
#[derive(Clone, Copy)]
struct Above(call::SpanlessCall);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for NoteCalls {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !attributes.is_contextual() || call::spanless_call(None).is_none() {
            return;
        }
        let Some(span) = context.span(id) else {
            return;
        };
        let parent = span.parent().map(|parent| parent.id());
        if let Some(call) = call::spanless_call(parent.as_ref()) {
            span.extensions_mut().insert(Above(call));
        }
    }
}

/// The call without a span around an event, and the outer spans of the event's line: these are not around the call, and
/// are left out of the line.
pub(crate) struct Spanless<'a, S: for<'b> LookupSpan<'b>> {
    call: call::SpanlessCall,
    beyond: Vec<SpanRef<'a, S>>,
    /// True if the line has spans that were made in the call.
    has_spans: bool,
}

impl<'a, S: Subscriber + for<'b> LookupSpan<'b>> Spanless<'a, S> {
    /// Finds the call around an event. `None` if there is none, or if the log directives hide its span.
    pub(crate) fn around<N>(
        context: &'a FmtContext<'_, S, N>,
        event: &Event<'_>,
        shown: &Directives,
    ) -> Option<Self>
    where
        N: for<'b> FormatFields<'b> + 'static,
    {
        let parent = context.parent_span();
        let innermost = match event.is_contextual() {
            true => call::spanless_call(parent.as_ref().map(SpanRef::id).as_ref()),
            false => None,
        };
        let mut spans = parent.map(|parent| parent.scope());
        let call = match innermost {
            Some(call) => call,
            None => spans
                .as_mut()?
                .find_map(|span| Some(span.extensions().get::<Above>()?.0))?,
        };
        shown.show(call.metadata()).then(|| Self {
            call,
            beyond: spans.map(Iterator::collect).unwrap_or_default(),
            has_spans: innermost.is_none(),
        })
    }

    /// Writes a line of the standard formatter, with the call inserted in front of its spans.
    pub(crate) fn write<N>(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: &mut Writer<'_>,
        line: &str,
        event: &Event<'_>,
    ) -> fmt::Result
    where
        N: for<'b> FormatFields<'b> + 'static,
    {
        let (head, rest) = line.split_at(start_of_spans(line, event).unwrap_or_default());
        let paint = Paint(writer.has_ansi_escapes());
        let name = paint.bold(self.call.metadata().name());
        write!(writer, "{head}{name}{}", paint.bold("{"))?;
        write_fields(&self.call, context, writer)?;
        write!(writer, "{}{}", paint.bold("}"), paint.dimmed(":"))?;
        let mut beyond = String::new();
        for span in self.beyond.iter().rev() {
            write_span::<S, N>(span, paint, &mut beyond)?;
        }
        if !self.has_spans && beyond.is_empty() {
            writer.write_char(' ')?;
        }
        writer.write_str(rest.strip_prefix(&beyond).unwrap_or(rest))
    }
}

/// Returns the byte position of the spans in a line of the standard formatter: after the level, which follows the time.
fn start_of_spans(line: &str, event: &Event<'_>) -> Option<usize> {
    let level = line.find(event.metadata().level().as_str())?;
    let after = line.get(level..)?.find(' ')?;
    Some(level + after + 1)
}

/// Writes the fields that the span of the call would have, in the subscriber's format of fields.
fn write_fields<S, N>(
    call: &call::SpanlessCall,
    context: &FmtContext<'_, S, N>,
    writer: &mut Writer<'_>,
) -> fmt::Result
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let metadata = call.metadata();
    let fields = metadata.fields();
    let named = call
        .fields()
        .map(|(name, value)| fields.field(name).zip(value));
    let [Some((service, its)), Some((of, that)), kind] = &named else {
        return Ok(());
    };
    let kind = match kind {
        Some((kind, value)) => (kind, Some(value as &dyn Value)),
        None => (service, None),
    };
    let values = [(service, Some(its as &dyn Value)), (of, Some(that)), kind];
    let values = fields.value_set(&values);
    let attributes = Attributes::new(metadata, &values);
    context
        .field_format()
        .format_fields(writer.by_ref(), &attributes)
}

/// Writes a span as the standard formatter does.
fn write_span<S, N>(span: &SpanRef<'_, S>, paint: Paint, out: &mut String) -> fmt::Result
where
    S: for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    write!(out, "{}", paint.bold(span.name()))?;
    if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
        && !fields.is_empty()
    {
        write!(out, "{}{fields}{}", paint.bold("{"), paint.bold("}"))?;
    }
    write!(out, "{}", paint.dimmed(":"))
}

/// The styles of the standard formatter; plain text if false.
#[derive(Clone, Copy, Debug)]
struct Paint(bool);

impl Paint {
    fn bold(self, text: &str) -> Painted<'_> {
        Painted(self.0.then_some(1), text)
    }

    fn dimmed(self, text: &str) -> Painted<'_> {
        Painted(self.0.then_some(2), text)
    }
}

/// A string with the ANSI code of its style; `None` writes it plain.
struct Painted<'a>(Option<u8>, &'a str);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(style, text) = self;
        match style {
            Some(style) => write!(out, "\u{1b}[{style}m{text}\u{1b}[0m"),
            None => out.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests;
