//! What is known of a metered function when it is compiled.

use std::panic::Location;

use super::label_values::LabelPool;
use super::service::Owner;

/// What a function is to the service; decides which metrics it feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A request: `action_*`, and `service_*` of its service.
    Action,
    /// An event handler: `event_*`.
    Event,
    /// A job: `action_*`.
    Job,
}

/// What an attribute says of a function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// What it is.
    pub role: Role,
    /// The name of the function: label `action`.
    pub name: &'static str,
    /// Whether it asks for metrics itself; else only its service can.
    pub metered: bool,
    /// `name = "…"`: what stands in the metrics' names instead of `action` (or `event`).
    pub family: Option<&'static str>,
    /// `prefix = "…"`: replaces the service's.
    pub prefix: Option<&'static str>,
    /// `service = "…"`: replaces the service's name.
    pub service: Option<&'static str>,
    /// The event that it handles.
    pub event: Option<&'static str>,
    /// The labels that its calls may set.
    pub labels: &'static [&'static str],
    /// Bounds of the duration histogram.
    pub buckets: Option<&'static [f64]>,
    /// Whose function it is, if that is known when it is compiled: a free function, or one in an impl that has
    /// an attribute. All calls then name this owner.
    pub owner: Option<Owner>,
    /// The error types that the function declares, where they can be named outside of its body.
    pub error_types: Option<fn() -> &'static [&'static str]>,
}

/// A function at its place, and the label values of its calls.
#[derive(Debug)]
pub(crate) struct FunctionSite {
    function: Function,
    at: &'static Location<'static>,
    labels: LabelPool,
}

impl FunctionSite {
    /// Declares a function, at the place of the caller.
    #[track_caller]
    pub(crate) const fn new(function: Function) -> Self {
        Self {
            function,
            at: Location::caller(),
            labels: LabelPool::new(),
        }
    }

    /// The declaration by the attribute.
    pub(crate) const fn function(&self) -> &Function {
        &self.function
    }

    /// The place of the function.
    pub(crate) const fn at(&self) -> &'static Location<'static> {
        self.at
    }

    /// The label values of its calls.
    pub(crate) fn label_pool(&self) -> &LabelPool {
        &self.labels
    }
}
