//! Declarations by attributes, collected by the linker, and the service of each function.

use std::panic::Location;

use linkme::distributed_slice;

use crate::{
    kind::ServiceKind,
    member::{Action, EventHandler, Job},
};

/// All services with `#[service]` or the like, in all crates that are linked.
#[distributed_slice]
pub static HOST_SERVICES: [HostService];

/// All functions with `#[action]` or the like, in all crates that are linked.
#[distributed_slice]
pub static HOST_MEMBERS: [HostMember];

/// A service as `#[service]` or the like declares it.
#[derive(Clone, Copy, Debug)]
pub struct HostService {
    /// Its name.
    pub name: &'static str,
    /// The path of its actions.
    pub path: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The attribute.
    pub kind: ServiceKind,
    /// The name of the struct.
    pub of: &'static str,
    /// The module of the struct.
    pub module: &'static str,
    /// Where it is declared.
    pub at: &'static Location<'static>,
}

/// A function as an attribute declares it.
#[derive(Clone, Copy, Debug)]
pub struct HostMember {
    /// The name of the type, if an attribute on the impl told it.
    pub of: Option<&'static str>,
    /// The module of the function.
    pub module: &'static str,
    /// The kind of function.
    pub kind: MemberKind,
}

/// A function as `#[action]`, `#[job]` or `#[event_handler]` declares it.
#[derive(Clone, Copy, Debug)]
pub enum MemberKind {
    /// `#[action]`, `#[dht_operation]`.
    Action(Action),
    /// `#[job]`.
    Job(Job),
    /// `#[event_handler]`.
    EventHandler(EventHandler),
}

impl HostService {
    /// The functions of the service.
    pub(crate) fn members(&self) -> impl Iterator<Item = MemberKind> {
        HOST_MEMBERS
            .iter()
            .filter(|member| member.service().is_some_and(|service| service.is(self)))
            .map(|member| member.kind)
    }

    fn is(&self, other: &Self) -> bool {
        self.of == other.of && self.module == other.module && self.at == other.at
    }
}

impl HostMember {
    /// The service that it belongs to: the one of its type, the nearest first; without a known type the only one of
    /// its module.
    fn service(&self) -> Option<&'static HostService> {
        let here = |service: &&HostService| service.module == self.module;
        let Some(of) = self.of else {
            return only(HOST_SERVICES.iter().filter(here));
        };
        let same_type = || HOST_SERVICES.iter().filter(|service| service.of == of);
        let same_crate = |service: &&HostService| root(service.module) == root(self.module);
        only(same_type().filter(here)).or_else(|| only(same_type().filter(same_crate)))
    }
}

/// The item, if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// The crate of a module.
fn root(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}
