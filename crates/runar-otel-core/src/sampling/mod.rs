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

mod callsite;
mod decision;
mod opened;
mod sampler;
mod site;

pub(crate) use self::{
    callsite::SpanCallsite,
    opened::{EndTarget, EnteredSpan},
};
pub use self::{
    decision::{Decision, PendingDecision, take_decision},
    opened::Opened,
    sampler::{Head, HeadSampler, Listeners, UNSAMPLED, UpcomingSpan, set_head_sampler},
    site::HeadSite,
};
