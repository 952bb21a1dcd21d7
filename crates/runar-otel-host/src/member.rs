//! What a service offers to its host: actions, jobs, event handlers.

use std::time::Duration;

/// An action: what a request is answered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// The name under which it is called: that of the attribute, else that of the function.
    pub name: &'static str,
    /// The path under which it is called, below that of the service; the name unless the attribute says otherwise.
    pub path: &'static str,
    /// The name of the function.
    pub function: &'static str,
    /// How long answers may be kept; `None` if they may not.
    pub cache: Option<Cache>,
    /// Whether the attribute says `metrics = true`.
    pub metrics: bool,
}

/// That a host may keep the answers of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cache {
    /// How long an answer may be kept.
    pub ttl: Duration,
}

/// A job: what runs by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// Its name: that of the attribute, else that of the function.
    pub name: &'static str,
    /// The name of the function.
    pub function: &'static str,
    /// When it runs: minute, hour, day of the month, month, day of the week, as in cron.
    pub schedule: &'static str,
}

/// An event handler: what runs when an event is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventHandler {
    /// The events that it handles: that of the attribute, of `#[metered(event = …)]` below it, else the name of the
    /// function.
    pub topic: &'static str,
    /// The name of the function.
    pub function: &'static str,
}

#[doc(hidden)]
impl Action {
    /// What the attribute says.
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
    /// What the attribute says.
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
    /// What the attribute says.
    #[must_use]
    pub const fn new(topic: &'static str, function: &'static str) -> Self {
        Self { topic, function }
    }
}
