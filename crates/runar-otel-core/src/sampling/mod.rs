//! The head of a trace, decided before there is a span.
//!
//! Most of the cost of an OpenTelemetry span comes before a sampler has said that nobody will see the span. A metered
//! call that begins a trace therefore asks first. The crate that installs spans sets a [`HeadSampler`] to answer.
//! Without a head sampler, and where it does not decide, a call makes its span as ever, and the span is sampled when it
//! starts.
//!
//! An unsampled call has the context of its trace, so that everything below it belongs to an unsampled trace. Log lines
//! of a call without a span find the context in the chain of calls. For other layers there is a span for log lines
//! alone: it has the field [`UNSAMPLED`], and layers for traces are to leave it out.

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
