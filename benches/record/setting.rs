//! The setting: the span in which a record takes place.

use opentelemetry::{
    Context, ContextGuard,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::span::EnteredSpan;

use crate::result::Result;

/// The span around the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// There is none.
    Plain,
    Sampled,
    Unsampled,
}

/// Leaves the span when dropped: first the span, then the context of its caller.
pub(crate) struct Inside {
    _span: Option<EnteredSpan>,
    _caller: Option<ContextGuard>,
}

impl Setting {
    /// Enters the span on this thread.
    pub(crate) fn enter(self) -> Result<Inside> {
        let caller = (self == Self::Unsampled).then(unsampled_caller);
        let span = (self != Self::Plain).then(|| tracing::info_span!("work").entered());
        let found = Context::map_current(|context| {
            let span = context.span();
            let ids = span.span_context();
            match (ids.is_valid() && !ids.is_remote(), ids.is_sampled()) {
                (false, _) => Self::Plain,
                (true, true) => Self::Sampled,
                (true, false) => Self::Unsampled,
            }
        });
        if found != self {
            return Err(format!("expected {self:?}, found {found:?}").into());
        }
        Ok(Inside {
            _span: span,
            _caller: caller,
        })
    }
}

/// A caller in another process that has decided against its trace.
fn unsampled_caller() -> ContextGuard {
    let caller = SpanContext::new(
        TraceId::from(7),
        SpanId::from(9),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    Context::new().with_remote_span_context(caller).attach()
}
