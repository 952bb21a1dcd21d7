//! Log lines that carry the ids of the trace in which they were written.

use std::fmt;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

use crate::traces::{alive, layer::is_internal};

/// The usual line of `tracing-subscriber` and ` trace_id=… span_id=…` after it.
///
/// The ids are those of the current span of OpenTelemetry, sampled or not; outside of any span the line
/// ends without them.
#[derive(Clone, Debug, Default)]
pub(crate) struct TracedLine {
    line: Format<Full>,
}

impl<S, N> FormatEvent<S, N> for TracedLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // The OpenTelemetry crates log while they hold the current context: it cannot be read then.
        if is_internal(event.metadata()) {
            return self.line.format_event(context, writer, event);
        }
        let Some(span) = current_span() else {
            return self.line.format_event(context, writer, event);
        };
        let mut line = String::new();
        let format = self.line.clone().with_ansi(writer.has_ansi_escapes());
        format.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(line.trim_end_matches('\n'))?;
        let (trace, span) = (span.trace_id(), span.span_id());
        writeln!(writer, " trace_id={trace} span_id={span}")
    }
}

fn current_span() -> Option<SpanContext> {
    alive::with_context(|context| {
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| ids.clone())
    })?
}
