//! Spans as readable lines on standard output.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};

/// An exporter that writes one line for each finished span.
pub(crate) struct ConsoleExporter<W> {
    output: Mutex<W>,
}

impl ConsoleExporter<io::Stdout> {
    pub(crate) fn stdout() -> Self {
        Self::to(io::stdout())
    }
}

impl<W> ConsoleExporter<W> {
    fn to(output: W) -> Self {
        Self {
            output: Mutex::new(output),
        }
    }
}

impl<W> fmt::Debug for ConsoleExporter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleExporter").finish_non_exhaustive()
    }
}

impl<W: Write + Send> SpanExporter for ConsoleExporter<W> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut lines = String::new();
        for span in &batch {
            line(&mut lines, span).map_err(|error| failure(&error))?;
        }
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output
            .write_all(lines.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|error| failure(&error))
    }
}

fn failure(error: &dyn std::error::Error) -> OTelSdkError {
    OTelSdkError::InternalFailure(format!("cannot write spans: {error}"))
}

fn line(text: &mut String, span: &SpanData) -> fmt::Result {
    let duration = span.end_time.duration_since(span.start_time);
    write!(
        text,
        "span {:?} kind={:?} duration={:?} trace_id={} span_id={}",
        span.name,
        span.span_kind,
        duration.unwrap_or(Duration::ZERO),
        span.span_context.trace_id(),
        span.span_context.span_id(),
    )?;
    if span.parent_span_id != SpanId::INVALID {
        write!(text, " parent_span_id={}", span.parent_span_id)?;
    }
    match &span.status {
        Status::Unset => {}
        Status::Ok => text.write_str(" status=ok")?,
        Status::Error { description } => write!(text, " status=error({description:?})")?,
    }
    for attribute in &span.attributes {
        let value = attribute.value.as_str();
        write!(text, " {}={value:?}", attribute.key)?;
    }
    for event in &span.events.events {
        write!(text, " event={:?}", event.name)?;
    }
    writeln!(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opentelemetry::{
        KeyValue,
        trace::{Span, Tracer, TracerProvider},
    };
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn span_is_one_line() {
        let output = Shared::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(ConsoleExporter::to(output.clone()))
            .build();
        let mut span = provider.tracer("test").start("sell");
        span.set_attribute(KeyValue::new("item", "tea\ncup"));
        span.set_status(Status::error("sold out"));
        let trace = span.span_context().trace_id();
        span.end();
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("span \"sell\" kind=Internal duration="));
        assert!(text.contains(&format!(" trace_id={trace} span_id=")));
        assert!(text.ends_with(" status=error(\"sold out\") item=\"tea\\ncup\"\n"));
    }
}
