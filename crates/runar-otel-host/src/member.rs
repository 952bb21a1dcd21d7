//! The members of a service that its host runs: actions, jobs, event handlers.

use std::time::Duration;

/// An action: a function that answers requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// The name under which the action is called: the attribute's, else the function's.
    pub name: &'static str,
    /// The path of the action below that of the service: the attribute's, else the name.
    pub path: &'static str,
    /// The name of the function.
    pub function: &'static str,
    /// The permission to keep answers; `None` if they may not be kept.
    pub cache: Option<Cache>,
    /// True if the attribute says `metrics = true`.
    pub metrics: bool,
}

/// The permission for a host to keep the answers of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cache {
    /// The time that an answer may be kept.
    pub ttl: Duration,
}

/// A job: a function that runs on a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// The name of the job: the attribute's, else the function's.
    pub name: &'static str,
    /// The name of the function.
    pub function: &'static str,
    /// The schedule, five fields as in cron: minute, hour, day of the month, month, day of the week.
    pub schedule: &'static str,
}

/// An event handler: a function that runs when an event is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventHandler {
    /// The topic of the events to handle: the attribute's, else that of a `#[metered(event = …)]` below it, else the
    /// name of the function.
    pub topic: &'static str,
    /// The name of the function.
    pub function: &'static str,
}

#[doc(hidden)]
impl Action {
    /// Makes an action as its attribute declares it; `ttl` is the time that answers may be kept, if they may.
    #[must_use]
    pub const fn new(
        name: &'static str,
        path: &'static str,
        function: &'static str,
        ttl: Option<Duration>,
        metrics: bool,
    ) -> Self {
        let cache = match ttl {
            Some(ttl) => Some(Cache { ttl }),
            None => None,
        };
        Self {
            name,
            path,
            function,
            cache,
            metrics,
        }
    }
}

#[doc(hidden)]
impl Job {
    /// Makes a job as its attribute declares it.
    #[must_use]
    pub const fn new(name: &'static str, function: &'static str, schedule: &'static str) -> Self {
        Self {
            name,
            function,
            schedule,
        }
    }
}

#[doc(hidden)]
impl EventHandler {
    /// Makes an event handler as its attribute declares it.
    #[must_use]
    pub const fn new(topic: &'static str, function: &'static str) -> Self {
        Self { topic, function }
    }
}
