//! Services as a host sees them: names, actions, jobs, event handlers.
//!
//! The attributes `#[service]`, `#[action]`, `#[job]` and the like of `runar-otel` describe a service; a host, such as the
//! Runar node, reads the description ([`Service`]) and runs it. [`RequestContext`], [`EventContext`] and [`JobContext`] stand
//! in for the contexts of a host. Nothing here measures: metrics come from `#[metered]` and `#[metrics]`.
//!
//! For hosts. Applications use the crate `runar-otel`, which re-exports this one as `host`.
//!
//! ```text
//! #[service] on a struct ─▶ HOST_SERVICES ─┐ (linked)
//! #[action] on a function ─▶ HOST_MEMBERS ─┴─▶ Service::actions() ─▶ host
//! ```

mod context;
mod declaration;
mod kind;
mod member;
mod service;

#[doc(hidden)]
pub use self::declaration::{HOST_MEMBERS, HOST_SERVICES, HostMember, HostService, MemberKind};
pub use self::{
    context::{EventContext, JobContext, RequestContext},
    kind::ServiceKind,
    member::{Action, Cache, EventHandler, Job},
    service::Service,
};
#[doc(hidden)]
pub use crate as host;

/// Called by the code that the attributes generate. No stable interface.
#[doc(hidden)]
pub mod __private {
    pub use runar_otel_core::__private::*;

    pub use crate as host;
}
