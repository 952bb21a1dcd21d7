//! One call, from its beginning to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::Span;

use super::{
    frames::{self, Frame, Pushed},
    function::Site,
    label_values::LabelValues,
    series::End,
    service::Owner,
    site::{BothErrors, Resolved},
    verdict::Verdict,
};
use crate::{clock, isolated::Here, thread::context_is_alive};

/// A call under way.
///
/// It ends once: when it is given its verdict, or when it is dropped (outcome `panic` while the thread unwinds,
/// else `cancelled`). Whatever happens, it is not counted as active afterwards.
#[derive(Debug)]
#[must_use = "a call that is dropped is a cancelled one"]
pub struct Call {
    open: Open,
    /// Open until the call has ended; disabled if the function has none.
    span: Span,
}

/// What a call needs to know until it ends.
#[derive(Debug)]
struct Open {
    /// `None` if nothing is recorded, or no longer.
    resolved: Option<&'static Resolved>,
    labels: Option<Arc<LabelValues>>,
    /// From its span or its first part on: the clock is not asked for nothing.
    started: Option<Instant>,
    place: Place,
    /// The recorder in which it began: there it ends, too.
    here: Here,
}

/// Where a call stands among those of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The service's request: feeds `service_*`.
    Outermost,
    /// Part of another request.
    Inner,
}

impl Call {
    /// Begins a call: counts it as active, an event as received, and finds out whether it is the outermost action
    /// of its service.
    #[inline]
    pub fn begin(
        site: &'static Site,
        owner: Owner,
        error_types: fn() -> &'static [&'static str],
    ) -> Self {
        let resolved = site.resolve(owner);
        if resolved.records() {
            resolved.declare_errors(error_types);
            resolved.begin_at_zero_here();
        }
        Self {
            open: Open::begin(resolved),
            span: Span::none(),
        }
    }

    /// Whether anything of the call is recorded. If not, it needs no span either.
    #[inline]
    #[must_use]
    pub fn records(&self) -> bool {
        self.open.resolved.is_some()
    }

    /// Label `service`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.open.resolved.map_or("", Resolved::service)
    }

    /// Sets the label that the function declares at this position.
    pub fn label(&mut self, at: usize, value: &str) {
        if let Some(labels) = &self.open.labels {
            labels.set_first(at, value);
        }
    }

    /// Gives the call its span, and starts the clock: duration and span are of one length.
    pub fn in_span(&mut self, span: Span) {
        self.span = span;
        self.open.started = Some(clock::now());
    }

    /// Runs a part of the call: in its span, as the innermost call of the chain. A verdict ends the call; if the
    /// part unwinds, the call ends as a panic.
    pub(crate) fn run<R>(&mut self, part: impl FnOnce() -> (R, Option<Verdict>)) -> R {
        if self.open.resolved.is_none() {
            return part().0;
        }
        self.open.started.get_or_insert_with(clock::now);
        let ended;
        let returned = {
            let _span = context_is_alive().then(|| self.span.enter());
            let _pushed = self.open.push();
            let mut part_guard = Part {
                open: &mut self.open,
                span: &self.span,
                end: Some(End::Panic),
            };
            let (returned, verdict) = part();
            part_guard.end = verdict.map(End::from);
            ended = part_guard.end.is_some();
            returned
        };
        if ended {
            self.span = Span::none();
        }
        returned
    }

    /// Ends the call as cancelled, after what is left of it was dropped: in its span, as the innermost call.
    pub(crate) fn cancel(&mut self, rest: impl FnOnce()) {
        self.end_after(End::Cancelled, rest);
    }

    /// Ends the call by its verdict, after what is left of it was dropped.
    pub(crate) fn end(&mut self, verdict: Verdict, rest: impl FnOnce()) {
        self.end_after(verdict.into(), rest);
    }

    fn end_after(&mut self, end: End, rest: impl FnOnce()) {
        if self.open.resolved.is_none() {
            return rest();
        }
        {
            let _span = context_is_alive().then(|| self.span.enter());
            let _pushed = self.open.push();
            let _part = Part {
                open: &mut self.open,
                span: &self.span,
                end: Some(end),
            };
            rest();
        }
        self.span = Span::none();
    }
}

impl Drop for Call {
    /// Reached with an open call only between its beginning and its first part: what unwinds here is the function.
    fn drop(&mut self) {
        if self.open.resolved.is_none() {
            return;
        }
        let end = if std::thread::panicking() {
            End::Panic
        } else {
            End::Cancelled
        };
        self.end_after(end, || {});
    }
}

/// A part of a call that is being run. Dropped without an end when the call goes on later.
struct Part<'a> {
    open: &'a mut Open,
    span: &'a Span,
    end: Option<End>,
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if let Some(end) = self.end {
            self.open.finish(end, self.span);
        }
    }
}

impl Open {
    /// Whatever a call counts when it begins is counted here, and in [`finish`](Self::finish) when it ends: to the
    /// same recorder.
    #[inline]
    fn begin(resolved: &'static Resolved) -> Self {
        let mut open = Self {
            resolved: None,
            labels: None,
            started: None,
            place: Place::Inner,
            here: Here::now(),
        };
        if !resolved.records() {
            return open;
        }
        open.resolved = Some(resolved);
        if let Some(own) = resolved.own() {
            own.enter();
            let count = resolved.site().function().labels.len();
            open.labels = (count > 0).then(|| Arc::new(LabelValues::new(count)));
        }
        if let Some(service) = resolved.of_service().filter(|it| frames::is_outermost(it)) {
            service.series().enter();
            open.place = Place::Outermost;
        }
        open
    }

    fn push(&self) -> Option<Pushed> {
        let frame = Frame {
            resolved: self.resolved?,
            labels: self.labels.clone(),
        };
        Some(frames::push(frame))
    }

    /// Ends the call, once.
    fn finish(&mut self, end: End, span: &Span) {
        let Some(resolved) = self.resolved.take() else {
            return;
        };
        let values = self.labels.take().map(|labels| labels.take());
        let (place, started) = (self.place, self.started);
        self.here.enter(|| {
            let now = clock::now();
            let took = now.saturating_duration_since(started.unwrap_or(now));
            describe(span, end);
            record(resolved, place, end, took, &values.unwrap_or_default());
        });
    }
}

/// Counts what is known at the end of a call.
fn record(resolved: &Resolved, place: Place, end: End, took: Duration, values: &[String]) {
    let undeclared = BothErrors::default();
    let errors = resolved.errors(end).unwrap_or(&undeclared);
    if let Some(own) = resolved.own() {
        own.leave();
        let names = resolved.site().function().labels.iter().copied();
        let labels: Vec<(&str, &str)> = names.zip(values.iter().map(String::as_str)).collect();
        own.complete(end, took, &errors.own, &labels);
    }
    let of_service = resolved.of_service().filter(|_| place == Place::Outermost);
    if let Some(service) = of_service {
        let series = service.series();
        series.leave();
        series.complete(end, took, &errors.of_service, &[]);
    }
}

/// Says in the span how the call ended. The status of a span that did not fail is left to others.
fn describe(span: &Span, end: End) {
    if span.is_disabled() {
        return;
    }
    span.record("outcome", end.outcome());
    if let Some(kind) = end.error_type() {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    }
}

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Error(kind) => Self::Error(kind),
        }
    }
}
