//! The sampler that decides before a span is made, and its decisions.

use std::sync::OnceLock;

use opentelemetry::Context;
use tracing::Metadata;

use super::decision::{Decision, PendingDecision};

/// The field that marks spans whose trace was decided against. It never has a value.
pub const UNSAMPLED: &str = "runar_otel.unsampled";

/// A sampler for traces that begin with a metered call.
pub trait HeadSampler: Send + Sync {
    /// Decides, or leaves the decision to the span. Called where the context of the thread can be read.
    fn decide(&self, span: &UpcomingSpan<'_>) -> Head;
}

/// The sampler of the process. It is set once: an application that replaces its sampler does so behind it.
pub(crate) static SAMPLER: OnceLock<&'static dyn HeadSampler> = OnceLock::new();

/// Sets the sampler of metered calls. Only the first one that is set counts.
pub fn set_head_sampler(sampler: &'static dyn HeadSampler) {
    let _ = SAMPLER.set(sampler);
}

/// A span that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct UpcomingSpan<'a> {
    /// The metadata of its callsite.
    pub metadata: &'static Metadata<'static>,
    /// True if all subscribers want the span at any time; else the current subscriber decides.
    pub always: bool,
    /// The value of `otel.kind`, such as `server`; `None` if not stated.
    pub kind: Option<&'static str>,
    /// Fields that the span has from the beginning.
    pub fields: &'a [(&'static str, &'static str)],
    /// True if `fields` has all of them. Other fields are not known before the span is made.
    pub complete: bool,
}

/// The layers that receive the fields recorded at the end of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listeners {
    /// The layer for traces only: log lines show a call that has no span.
    Traces,
    /// The layer for traces, and layers for log lines, which write before the end of the span.
    Ours,
    /// Unknown layers of the application.
    Any,
}

/// The decision at the head of a call.
#[derive(Debug, Default)]
#[must_use = "a decision is worth what is done with it"]
pub enum Head {
    /// No decision yet: the span is sampled when it starts.
    #[default]
    Undecided,
    /// The span is recorded. Its tracer [takes](super::take_decision) the decision while the span is made or first entered.
    Recorded(Decision, Listeners),
    /// No span is recorded, and none exists at all if it would be for [traces](Listeners::Traces) alone. The call runs
    /// in this context.
    Unsampled(Context, Listeners),
}

impl Head {
    /// True if no span is recorded.
    #[must_use]
    pub fn is_unsampled(&self) -> bool {
        matches!(self, Self::Unsampled(..))
    }

    /// True if there is no span at all.
    #[must_use]
    pub fn is_spanless(&self) -> bool {
        matches!(self, Self::Unsampled(_, Listeners::Traces))
    }

    /// Lays out the decision while the span is made, if there is one.
    #[must_use]
    pub fn lay_out(&mut self) -> Option<PendingDecision<'_>> {
        match self {
            Self::Recorded(decision, _) => Some(PendingDecision::new(decision)),
            Self::Undecided | Self::Unsampled(..) => None,
        }
    }
}
