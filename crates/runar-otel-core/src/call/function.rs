//! What is known of a metered function when it is compiled.

use std::panic::Location;

use linkme::distributed_slice;

use super::{
    appended::Appended, by_address::ByAddress, label_values::LabelPool, service::Owner,
    site::Resolved,
};

/// All functions that the attributes have instrumented, in all crates that are linked.
#[distributed_slice]
pub static SITES: [&'static Site];

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

/// A function together with what was resolved for it.
#[derive(Debug)]
pub struct Site {
    function: Function,
    at: &'static Location<'static>,
    met: Appended<Resolved>,
    by_name: ByAddress<&'static Resolved>,
    labels: LabelPool,
}

impl Site {
    /// Declares a function, at the place of the caller.
    #[must_use]
    #[track_caller]
    pub const fn new(function: Function) -> Self {
        Self {
            function,
            at: Location::caller(),
            met: Appended::new(),
            by_name: ByAddress::new(),
            labels: LabelPool::new(),
        }
    }

    /// What the attribute says.
    #[must_use]
    pub const fn function(&self) -> &Function {
        &self.function
    }

    /// Where the function is.
    #[must_use]
    pub const fn at(&self) -> &'static Location<'static> {
        self.at
    }

    /// True if all of its calls have one owner: then nobody needs to ask.
    #[inline]
    pub(crate) fn has_one_owner(&self) -> bool {
        self.function.owner.is_some()
    }

    /// The label values of its calls.
    pub(crate) fn label_pool(&self) -> &LabelPool {
        &self.labels
    }

    /// The same, but for the first one, by the addresses of their names. A name belongs to one type, and that to one service.
    pub(crate) fn by_name(&self) -> &ByAddress<&'static Resolved> {
        &self.by_name
    }

    /// The owners that it was called for.
    pub(crate) fn met(&self) -> &Appended<Resolved> {
        &self.met
    }
}
