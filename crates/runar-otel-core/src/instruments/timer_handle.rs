//! The timer handle: a running measurement.

use std::time::Duration;

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};

use super::handle::Handle;
use crate::{
    binding::isolated_recorder::CurrentRecorder,
    clock::Start,
    threads::context::{
        active_span, context_is_alive, span_was_entered, span_was_made, spans_are_alive,
    },
};

/// A running measurement: records its duration once, when stopped or dropped.
#[derive(Debug)]
#[must_use = "a timer handle that is dropped at once measures nothing"]
pub struct TimerHandle {
    handle: Handle,
    /// The recorder in which the timer began, and records.
    here: CurrentRecorder,
    labels: Vec<(String, String)>,
    started: Start,
    /// The span that was active at the start, or the one that the start opened.
    origin: Option<SpanContext>,
    /// The span that the start opened; a disabled one without.
    span: tracing::Span,
    state: TimerState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimerState {
    Open,
    Closed,
}

impl TimerHandle {
    pub(crate) fn start(handle: Handle, span: Option<&str>) -> Self {
        let span = span.filter(|_| spans_are_alive()).map(open);
        let span = span.unwrap_or_else(tracing::Span::none);
        let origin = span.in_scope(active_span);
        if !span.is_disabled() {
            span_was_entered();
        }
        Self {
            handle,
            here: CurrentRecorder::now(),
            labels: Vec::new(),
            started: Start::now(),
            origin,
            span,
            state: TimerState::Open,
        }
    }

    /// Adds a label to this one measurement, for instance its outcome.
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// The span that the start opened (a disabled one if the timer opens none): to be entered, or to be given to
    /// `instrument`, where spans below should be its children.
    #[must_use]
    pub fn span(&self) -> &tracing::Span {
        &self.span
    }

    /// Stops and records. Returns the duration.
    #[expect(clippy::must_use_candidate, reason = "stopping is the point")]
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Ends without recording anything.
    pub fn discard(mut self) {
        self.state = TimerState::Closed;
    }

    fn record(&mut self) -> Duration {
        self.state = TimerState::Closed;
        self.here.enter(|| self.record_here())
    }

    fn record_here(&self) -> Duration {
        let duration = self.started.elapsed();
        let value = self.handle.duration(duration);
        let labels: Vec<(&str, &str)> = self
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let record = || {
            if labels.is_empty() {
                self.handle.observe(value);
            } else {
                self.handle.record_with(value, &labels);
            }
        };
        // The span of the start is not entered again: a layer that panics there would lose the measurement.
        let origin = self.span_at_start().filter(|_| context_is_alive());
        let _active = origin.map(|origin| Context::new().with_remote_span_context(origin).attach());
        record();
        duration
    }

    /// The span of the start, if another one (or none) is active now.
    fn span_at_start(&self) -> Option<SpanContext> {
        let origin = self.origin.as_ref()?;
        let here = active_span().is_some_and(|now| now.span_id() == origin.span_id());
        (!here).then(|| origin.clone())
    }
}

fn open(name: &str) -> tracing::Span {
    let span = tracing::info_span!(target: "runar_otel::timer", "timer", otel.name = name);
    if !span.is_disabled() {
        span_was_made();
    }
    span
}

impl Drop for TimerHandle {
    fn drop(&mut self) {
        if self.state == TimerState::Open {
            self.record();
        }
    }
}
