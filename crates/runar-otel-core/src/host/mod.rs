//! Services as a host sees them: what they are called, which actions, jobs and event handlers they have.
//!
//! The attributes `#[service]`, `#[action]`, `#[job]` and the like only describe: a host reads the description and
//! runs what it says. [`RequestContext`], [`EventContext`] and [`JobContext`] stand in for a host's own contexts.

mod context;
mod linked;
mod member;
mod service;

#[doc(hidden)]
pub use self::linked::{HOST_MEMBERS, HOST_SERVICES, HostMember, HostService, What};
pub use self::{
    context::{EventContext, JobContext, RequestContext},
    member::{Action, Cache, EventHandler, Job},
    service::{Service, ServiceKind},
};
