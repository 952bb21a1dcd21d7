//! The description of one service.

use crate::{
    declaration::{HostService, MemberKind},
    kind::ServiceKind,
    member::{Action, EventHandler, Job},
};

/// A service that `#[service]`, `#[publisher]`, `#[p2p_service]` or `#[dht_service]` describes to a host.
///
/// The attribute on the struct implements it. Functions find their service by the name of their type if their impl
/// has `#[service]` or `#[metrics]`. An attribute on a function alone cannot know the type: such a function belongs to
/// the service of its module if that has exactly one, otherwise to none; the remedy is `#[service]` on the impl.
pub trait Service {
    /// The declaration that the attribute generates.
    #[doc(hidden)]
    const DECLARATION: &'static HostService;

    /// Returns the name of the service: the attribute's, else the struct's.
    #[must_use]
    fn name() -> &'static str {
        Self::DECLARATION.name
    }

    /// Returns the path of the service's actions: the attribute's, else the name of the struct in lower case.
    #[must_use]
    fn path() -> &'static str {
        Self::DECLARATION.path
    }

    /// Returns the description of the service; empty if the attribute has none.
    #[must_use]
    fn description() -> &'static str {
        Self::DECLARATION.description
    }

    /// Returns the version of the service: the attribute's, else the crate's.
    #[must_use]
    fn version() -> &'static str {
        Self::DECLARATION.version
    }

    /// Returns the attribute that describes the service.
    #[must_use]
    fn kind() -> ServiceKind {
        Self::DECLARATION.kind
    }

    /// Returns the actions of the service, by name.
    #[must_use]
    fn actions() -> Vec<Action> {
        let action = |kind| match kind {
            MemberKind::Action(action) => Some(action),
            _ => None,
        };
        let mut actions: Vec<Action> = Self::DECLARATION.members().filter_map(action).collect();
        actions.sort_by_key(|action| (action.name, action.function));
        actions
    }

    /// Returns the jobs of the service, by name.
    #[must_use]
    fn jobs() -> Vec<Job> {
        let job = |kind| match kind {
            MemberKind::Job(job) => Some(job),
            _ => None,
        };
        let mut jobs: Vec<Job> = Self::DECLARATION.members().filter_map(job).collect();
        jobs.sort_by_key(|job| (job.name, job.function));
        jobs
    }

    /// Returns the event handlers of the service, by topic.
    #[must_use]
    fn event_handlers() -> Vec<EventHandler> {
        let handler = |kind| match kind {
            MemberKind::EventHandler(handler) => Some(handler),
            _ => None,
        };
        let mut handlers: Vec<EventHandler> =
            Self::DECLARATION.members().filter_map(handler).collect();
        handlers.sort_by_key(|handler| (handler.topic, handler.function));
        handlers
    }
}
