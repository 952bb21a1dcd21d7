//! The exemplar filter, which selects the measurements that may become exemplars.

use opentelemetry::Context;

use super::SpanLink;
use crate::threads::context::{ActiveSpan, active, context_is_alive, may_be_sampled};

/// The filter that selects measurements for the exemplar reservoirs.
///
/// OpenTelemetry specification, metrics SDK: *ExemplarFilter*; environment variable
/// `OTEL_METRICS_EXEMPLAR_FILTER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExemplarFilter {
    /// Every measurement, inside a span or not.
    AlwaysOn,
    /// No measurement; recording then costs nothing for exemplars.
    AlwaysOff,
    /// Measurements taken while a sampled span is active (the default): every exemplar leads to a trace.
    #[default]
    TraceBased,
}

/// The decision of the filter on the measurement being taken on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterDecision {
    Refused,
    Accepted(Option<SpanLink>),
}

impl ExemplarFilter {
    /// False if a measurement of this thread would be refused now; else [`decide`](Self::decide) decides.
    #[inline(never)]
    pub(crate) fn may_accept(self) -> bool {
        match self {
            Self::AlwaysOff => false,
            Self::AlwaysOn => true,
            Self::TraceBased => may_be_sampled(),
        }
    }

    /// Returns the verdict on a measurement in the current context.
    pub(crate) fn decide(self) -> FilterDecision {
        match self {
            Self::AlwaysOff => FilterDecision::Refused,
            Self::AlwaysOn => FilterDecision::Accepted(active().map(link)),
            Self::TraceBased => match active().filter(|span| span.is_sampled()) {
                Some(span) => FilterDecision::Accepted(Some(link(span))),
                None => FilterDecision::Refused,
            },
        }
    }
}

fn link(span: ActiveSpan) -> SpanLink {
    SpanLink::new(span.trace_id, span.span_id)
}

/// Runs code as if no span were active: its records are not linked to a trace.
pub(crate) fn run_outside_of_spans<R>(work: impl FnOnce() -> R) -> R {
    let _outside = context_is_alive().then(|| Context::new().attach());
    work()
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{
        SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
    };

    use super::*;
    use crate::threads::context::observe_contexts;

    fn inside(flags: TraceFlags, ask: impl FnOnce() -> FilterDecision) -> FilterDecision {
        observe_contexts();
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
        assert_eq!(filter.decide(), FilterDecision::Refused);
        assert_eq!(
            inside(TraceFlags::NOT_SAMPLED, || filter.decide()),
            FilterDecision::Refused
        );
        assert_eq!(
            inside(TraceFlags::SAMPLED, || filter.decide()),
            FilterDecision::Accepted(Some(link))
        );
    }

    #[test]
    fn always_on_takes_what_there_is() {
        let filter = ExemplarFilter::AlwaysOn;
        let link = SpanLink::new(TraceId::from(7), SpanId::from(9));
        assert_eq!(filter.decide(), FilterDecision::Accepted(None));
        assert_eq!(
            inside(TraceFlags::NOT_SAMPLED, || filter.decide()),
            FilterDecision::Accepted(Some(link))
        );
    }

    #[test]
    fn always_off_refuses() {
        let filter = ExemplarFilter::AlwaysOff;
        assert_eq!(
            inside(TraceFlags::SAMPLED, || filter.decide()),
            FilterDecision::Refused
        );
    }

    #[test]
    fn a_destructor_of_a_thread_local_may_ask() {
        struct Late;
        impl Drop for Late {
            fn drop(&mut self) {
                let _ = ExemplarFilter::TraceBased.decide();
            }
        }
        thread_local!(static LATE: Late = const { Late });
        std::thread::spawn(|| {
            LATE.with(|_| ());
            let _ = ExemplarFilter::TraceBased.decide();
        })
        .join()
        .unwrap();
    }
}
