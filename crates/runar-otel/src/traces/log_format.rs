//! Log lines that carry the ids of the trace in which they were written.

use std::fmt;

use runar_otel_core::thread::active_span;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

use crate::traces::{directives::Directives, spanless::Spanless, visibility::is_internal};

/// The full line of `tracing-subscriber`, followed by ` trace_id=… span_id=…`.
///
/// The ids are those of the current span of OpenTelemetry, sampled or not; outside of any span the line
/// ends without them. Unsampled calls that have no span are shown as if they had one.
#[derive(Clone, Debug, Default)]
pub(crate) struct TracedLine {
    line: Format<Full>,
    shown: Directives,
}

impl TracedLine {
    /// Makes the format. Lines show a call that has no span only if the directives `shown` let its span through.
    pub(crate) fn new(shown: Directives) -> Self {
        Self {
            line: Format::default(),
            shown,
        }
    }
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
        // The OpenTelemetry crates log while they hold the current context, which cannot be read then.
        let ids = match is_internal(event.metadata()) {
            true => None,
            false => active_span(),
        };
        let spanless = Spanless::around(context, event, &self.shown);
        if ids.is_none() && spanless.is_none() {
            return self.line.format_event(context, writer, event);
        }
        let mut line = String::new();
        let format = self.line.clone().with_ansi(writer.has_ansi_escapes());
        format.format_event(context, Writer::new(&mut line), event)?;
        let line = match ids {
            Some(_) => line.trim_end_matches('\n'),
            None => &line,
        };
        match spanless {
            Some(spanless) => spanless.write(context, &mut writer, line, event)?,
            None => writer.write_str(line)?,
        }
        match ids {
            Some(ids) => {
                let (trace, span) = (ids.trace_id(), ids.span_id());
                writeln!(writer, " trace_id={trace} span_id={span}")
            }
            None => Ok(()),
        }
    }
}
