//! The declaration of a metered function, known when it is compiled.

use std::panic::Location;

use super::label_values::LabelPool;
use super::service::Owner;

/// The role of a function in its service, which decides the metrics that it feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A request: `action_*`, and `service_*` of its service.
    Action,
    /// An event handler: `event_*`.
    Event,
    /// A job: `action_*`.
    Job,
}

/// Arguments of the attribute of a function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Action, event handler or job.
    pub role: Role,
    /// The name of the function, which is the label `action`.
    pub name: &'static str,
    /// True if the function has metrics of its own; else only its service can ask for them.
    pub metered: bool,
    /// `name = "…"`: replaces `action` (or `event`) in the names of the metrics.
    pub family: Option<&'static str>,
    /// `prefix = "…"`: replaces the prefix of the service.
    pub prefix: Option<&'static str>,
    /// `service = "…"`: replaces the name of the service.
    pub service: Option<&'static str>,
    /// The event that the function handles; `None` if it handles none.
    pub event: Option<&'static str>,
    /// The labels that its calls may set.
    pub labels: &'static [&'static str],
    /// Bounds of the duration histogram; `None` for the default ones of durations in seconds.
    pub buckets: Option<&'static [f64]>,
    /// The owner, if it is known when the function is compiled: that of a free function, or of one in an impl that has
    /// an attribute. All calls then name this owner.
    pub owner: Option<Owner>,
    /// Returns the error types that the function declares; `None` if they cannot be named outside of its body.
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
