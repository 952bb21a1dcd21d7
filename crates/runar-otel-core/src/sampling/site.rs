//! A place whose spans are decided before they are made.

use std::sync::{
    OnceLock,
    atomic::{AtomicU8, Ordering},
};

use tracing::{
    Level, Span, callsite,
    level_filters::{LevelFilter, STATIC_MAX_LEVEL},
};

use super::{
    callsite::{ALWAYS, NEVER, SpanCallsite},
    opened::Opened,
    sampler::{Head, SAMPLER, UpcomingSpan},
};
use crate::threads::{
    context::{context_is_alive, span_was_made},
    forked,
};

/// A place whose spans can be decided before they are made.
///
/// The place learns its metadata in `tracing` from the first span that is made there, which is always undecided.
#[derive(Debug)]
pub struct HeadSite {
    /// The value of `otel.kind` for its spans; `None` if not stated.
    kind: Option<&'static str>,
    known: OnceLock<SpanCallsite>,
}

impl HeadSite {
    /// Declares a place where spans will be made; `kind` is their `otel.kind`.
    #[must_use]
    pub const fn new(kind: Option<&'static str>) -> Self {
        Self {
            kind,
            known: OnceLock::new(),
        }
    }

    /// Decides about the next span, if that can be done before the span exists.
    #[inline]
    pub fn decide(&'static self, fields: &[(&'static str, &'static str)], complete: bool) -> Head {
        let (Some(sampler), Some(known)) = (SAMPLER.get(), self.known.get()) else {
            return Head::Undecided;
        };
        let interest = known.interest.load(Ordering::Relaxed);
        if interest == NEVER || !is_on(known.metadata.level()) || !context_is_alive() {
            return Head::Undecided;
        }
        sampler.decide(&UpcomingSpan {
            metadata: known.metadata,
            always: interest == ALWAYS,
            kind: known.kind,
            fields,
            complete,
        })
    }

    /// Keeps the span that was made after the decision together with it.
    #[inline]
    pub fn opened(&'static self, span: Span, head: Head) -> Opened {
        if matches!(head, Head::Undecided) && self.known.get().is_none() && SAMPLER.get().is_some()
        {
            self.learn_callsite(&span);
        }
        if !span.is_disabled() {
            span_was_made();
        }
        Opened::new(span, head, self.known.get())
    }

    #[cold]
    fn learn_callsite(&'static self, span: &Span) {
        let Some(metadata) = span.metadata().filter(|_| !forked::is_child()) else {
            return;
        };
        let known = SpanCallsite {
            metadata,
            kind: self.kind,
            interest: AtomicU8::new(NEVER),
        };
        if self.known.set(known).is_ok()
            && let Some(known) = self.known.get()
        {
            callsite::register(known);
        }
    }
}

/// True if the level is enabled, by the same checks that the macros of `tracing` make first.
fn is_on(level: &Level) -> bool {
    *level <= STATIC_MAX_LEVEL && *level <= LevelFilter::current()
}
