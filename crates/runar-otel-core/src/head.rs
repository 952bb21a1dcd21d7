//! The head of a trace, decided before there is a span.
//!
//! A span of OpenTelemetry costs most of what it costs before a sampler has said that nobody will see it. A metered
//! call that begins a trace therefore asks first. What answers is not known here: whoever installs spans sets a
//! [`HeadSampler`]. Without one, and wherever it does not decide, a call makes its span as ever, and the span is
//! sampled when it starts.
//!
//! An unsampled call has the context of its trace, so that everything below it belongs to an unsampled trace. Log lines
//! that show it without a span find it in the chain of calls. For others there is a span for log lines alone: one with
//! the field [`UNSAMPLED`], which layers for traces are to leave out.

mod decision;
mod opened;

use std::sync::{
    OnceLock,
    atomic::{AtomicU8, Ordering},
};

use opentelemetry::Context;
use tracing::{
    Callsite, Level, Metadata, Span, callsite,
    level_filters::{LevelFilter, STATIC_MAX_LEVEL},
    subscriber::Interest,
};

pub use decision::{Decision, LaidOut, take_decision};
pub use opened::Opened;
pub(crate) use opened::{Ends, Within};

use crate::{
    forked,
    thread::{context_is_alive, span_was_made},
};

/// The field that marks spans whose trace was decided against. It never has a value.
pub const UNSAMPLED: &str = "runar_otel.unsampled";

/// Decides whether traces are recorded that begin with a metered call.
pub trait HeadSampler: Send + Sync {
    /// Decides, or leaves it to the span. Called where the context of the thread can be read.
    fn decide(&self, span: &Coming<'_>) -> Head;
}

/// The one that is asked. It is set once: what comes and goes is behind it.
static SAMPLER: OnceLock<&'static dyn HeadSampler> = OnceLock::new();

/// Has metered calls ask from now on. Who comes second is not asked.
pub fn set_head_sampler(sampler: &'static dyn HeadSampler) {
    let _ = SAMPLER.set(sampler);
}

/// A span that is to come.
#[derive(Clone, Copy, Debug)]
pub struct Coming<'a> {
    /// Its callsite.
    pub metadata: &'static Metadata<'static>,
    /// Whether all subscribers want the span at any time; else the current one must be asked.
    pub always: bool,
    /// `otel.kind`.
    pub kind: Option<&'static str>,
    /// Fields that it has from the beginning.
    pub fields: &'a [(&'static str, &'static str)],
    /// Whether these are all. Others are not known before the span is made.
    pub complete: bool,
}

/// Who is to hear what a span is told at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listeners {
    /// The layer for traces alone: log lines show a call that has no span.
    Traces,
    /// The layer for traces, and log lines that are written before.
    Ours,
    /// Layers of which nothing is known.
    Any,
}

/// What was decided.
#[derive(Debug, Default)]
#[must_use = "a decision is worth what is done with it"]
pub enum Head {
    /// Nothing: the span is sampled when it starts.
    #[default]
    Undecided,
    /// The span is recorded. Its tracer [takes](take_decision) the decision while the span is made or first entered.
    Recorded(Decision, Listeners),
    /// There is no span to be recorded, and none at all if it is for [traces](Listeners::Traces) alone. The call runs in
    /// this context.
    Unsampled(Context, Listeners),
}

impl Head {
    /// Whether there is no span to be recorded.
    #[must_use]
    pub fn is_unsampled(&self) -> bool {
        matches!(self, Self::Unsampled(..))
    }

    /// Whether there is no span at all.
    #[must_use]
    pub fn is_spanless(&self) -> bool {
        matches!(self, Self::Unsampled(_, Listeners::Traces))
    }

    /// Lays out the decision while the span is made, if there is one.
    #[must_use]
    pub fn lay_out(&mut self) -> Option<LaidOut<'_>> {
        match self {
            Self::Recorded(decision, _) => Some(LaidOut::new(decision)),
            Self::Undecided | Self::Unsampled(..) => None,
        }
    }
}

/// The place of a span that can be asked for before it is made.
///
/// It learns what `tracing` knows of the place from the first span that is made there, which is always undecided.
#[derive(Debug)]
pub struct HeadSite {
    /// `otel.kind`.
    kind: Option<&'static str>,
    known: OnceLock<Known>,
}

/// What `tracing` knows of a place. To `tracing` it is one more callsite with the metadata of the span, and is told
/// who is interested in it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) kind: Option<&'static str>,
    /// Stands alone, therefore relaxed.
    interest: AtomicU8,
}

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

impl HeadSite {
    /// A place at which no span was made yet, and the `otel.kind` of those that will be.
    #[must_use]
    pub const fn new(kind: Option<&'static str>) -> Self {
        Self {
            kind,
            known: OnceLock::new(),
        }
    }

    /// Decides about the span that is to come, if that can be done before it is there.
    #[inline]
    pub fn decide(&'static self, fields: &[(&'static str, &'static str)], complete: bool) -> Head {
        let (Some(sampler), Some(known)) = (SAMPLER.get(), self.known.get()) else {
            return Head::Undecided;
        };
        let interest = known.interest.load(Ordering::Relaxed);
        if interest == NEVER || !is_on(known.metadata.level()) || !context_is_alive() {
            return Head::Undecided;
        }
        sampler.decide(&Coming {
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
            self.learn(&span);
        }
        if !span.is_disabled() {
            span_was_made();
        }
        Opened::new(span, head, self.known.get())
    }

    #[cold]
    fn learn(&'static self, span: &Span) {
        let Some(metadata) = span.metadata().filter(|_| !forked::is_child()) else {
            return;
        };
        let known = Known {
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

/// As the macros of `tracing` ask before anything else.
fn is_on(level: &Level) -> bool {
    *level <= STATIC_MAX_LEVEL && *level <= LevelFilter::current()
}

impl Callsite for Known {
    fn set_interest(&self, interest: Interest) {
        let interest = if interest.is_always() {
            ALWAYS
        } else if interest.is_sometimes() {
            SOMETIMES
        } else {
            NEVER
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata
    }
}
