//! The exemplar filter: which measurements may become exemplars.

use std::panic::catch_unwind;

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};

use super::SpanLink;

/// Which measurements are offered to the exemplar reservoirs.
///
/// OpenTelemetry specification, metrics SDK: *ExemplarFilter*; environment variable
/// `OTEL_METRICS_EXEMPLAR_FILTER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExemplarFilter {
    /// Every measurement, inside a span or not.
    AlwaysOn,
    /// None; recording then costs what it costs without this SDK.
    AlwaysOff,
    /// Those taken while a sampled span is active (the default): every exemplar leads to a trace.
    #[default]
    TraceBased,
}

/// What the filter says about the measurement being taken on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Refused,
    Accepted(Option<SpanLink>),
}

impl ExemplarFilter {
    /// Asks the filter about the current context.
    #[inline]
    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Self::AlwaysOff => Verdict::Refused,
            Self::AlwaysOn => Verdict::Accepted(active_span(Wanted::Any)),
            Self::TraceBased => match active_span(Wanted::Sampled) {
                Some(span) => Verdict::Accepted(Some(span)),
                None => Verdict::Refused,
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    Sampled,
}

#[inline]
fn active_span(wanted: Wanted) -> Option<SpanLink> {
    if !context_is_alive() {
        return None;
    }
    Context::map_current(|context| {
        if !context.has_active_span() {
            return None;
        }
        let span = context.span();
        let ids = span.span_context();
        let fits = ids.is_valid() && (wanted == Wanted::Any || ids.is_sampled());
        fits.then(|| SpanLink::new(ids.trace_id(), ids.span_id()))
    })
}

/// The ids of the active span with their flags, to be put back later; `None` without one.
pub(crate) fn active_span_context() -> Option<SpanContext> {
    if !context_is_alive() {
        return None;
    }
    Context::map_current(|context| {
        let active = context
            .has_active_span()
            .then(|| context.span().span_context().clone());
        active.filter(SpanContext::is_valid)
    })
}

/// Runs something as if no span were active: nothing that it records is linked to a trace.
pub(crate) fn outside_of_spans<R>(work: impl FnOnce() -> R) -> R {
    let _outside = context_is_alive().then(|| Context::new().attach());
    work()
}

/// Dies before the thread's context does, and so tells whether that can still be read.
///
/// One that is born when the context is dead already, because the thread measures for the first time while it
/// ends, finds that out by a panic.
struct Sentinel {
    context_is_alive: bool,
}

impl Drop for Sentinel {
    fn drop(&mut self) {}
}

thread_local! {
    static SENTINEL: Sentinel = Sentinel {
        context_is_alive: catch_unwind(|| Context::map_current(|_| ())).is_ok(),
    };
}

/// Reading the context in the destructor of a thread-local aborts the process once the context is gone.
#[inline]
pub(crate) fn context_is_alive() -> bool {
    SENTINEL
        .try_with(|sentinel| sentinel.context_is_alive)
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};

    use super::*;

    fn inside(flags: TraceFlags, ask: impl FnOnce() -> Verdict) -> Verdict {
        let span = SpanContext::new(
            TraceId::from(7),
            SpanId::from(9),
            flags,
            false,
            TraceState::NONE,
        );
        let _active = Context::new().with_remote_span_context(span).attach();
        ask()
    }

    #[test]
    fn trace_based_wants_a_sampled_span() {
        let filter = ExemplarFilter::TraceBased;
        let link = SpanLink::new(TraceId::from(7), SpanId::from(9));
        assert_eq!(filter.verdict(), Verdict::Refused);
        assert_eq!(
            inside(TraceFlags::NOT_SAMPLED, || filter.verdict()),
            Verdict::Refused
        );
        assert_eq!(
            inside(TraceFlags::SAMPLED, || filter.verdict()),
            Verdict::Accepted(Some(link))
        );
    }

    #[test]
    fn always_on_takes_what_there_is() {
        let filter = ExemplarFilter::AlwaysOn;
        let link = SpanLink::new(TraceId::from(7), SpanId::from(9));
        assert_eq!(filter.verdict(), Verdict::Accepted(None));
        assert_eq!(
            inside(TraceFlags::NOT_SAMPLED, || filter.verdict()),
            Verdict::Accepted(Some(link))
        );
    }

    #[test]
    fn always_off_refuses() {
        let filter = ExemplarFilter::AlwaysOff;
        assert_eq!(
            inside(TraceFlags::SAMPLED, || filter.verdict()),
            Verdict::Refused
        );
    }

    #[test]
    fn a_destructor_of_a_thread_local_may_ask() {
        struct Late;
        impl Drop for Late {
            fn drop(&mut self) {
                let _ = ExemplarFilter::TraceBased.verdict();
            }
        }
        thread_local!(static LATE: Late = const { Late });
        std::thread::spawn(|| {
            LATE.with(|_| ());
            let _ = ExemplarFilter::TraceBased.verdict();
        })
        .join()
        .unwrap();
    }
}
