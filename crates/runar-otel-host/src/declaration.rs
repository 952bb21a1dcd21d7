//! Declarations by attributes, collected by the linker, and the service of each function.

use std::panic::Location;

use linkme::distributed_slice;

use crate::{
    kind::ServiceKind,
    member::{Action, EventHandler, Job},
};

/// Services with `#[service]` or the like, of all crates that are linked.
#[distributed_slice]
pub static HOST_SERVICES: [HostService];

/// Functions with `#[action]` or the like, of all crates that are linked.
#[distributed_slice]
pub static HOST_MEMBERS: [HostMember];

/// A service as `#[service]` or the like declares it.
#[derive(Clone, Copy, Debug)]
pub struct HostService {
    /// The name of the service: the attribute's, else the struct's.
    pub name: &'static str,
    /// The path of its actions: the attribute's, else the struct's name in lower case.
    pub path: &'static str,
    /// The description of the service; empty by default.
    pub description: &'static str,
    /// The version of the service: the attribute's, else the crate's.
    pub version: &'static str,
    /// The attribute that declares the service.
    pub kind: ServiceKind,
    /// The name of the struct, by which functions find their service.
    pub of: &'static str,
    /// The module of the struct.
    pub module: &'static str,
    /// The place of the declaration in the source.
    pub at: &'static Location<'static>,
}

/// A function as an attribute declares it.
#[derive(Clone, Copy, Debug)]
pub struct HostMember {
    /// The name of the type; `None` without an attribute on the impl that passes the name on.
    pub of: Option<&'static str>,
    /// The module of the function, as of `module_path!()`.
    pub module: &'static str,
    /// The kind of function, with its options.
    pub kind: MemberKind,
}

/// A function as `#[action]`, `#[job]` or `#[event_handler]` declares it.
#[derive(Clone, Copy, Debug)]
pub enum MemberKind {
    /// A function with `#[action]` or `#[dht_operation]`.
    Action(Action),
    /// A function with `#[job]`.
    Job(Job),
    /// A function with `#[event_handler]`.
    EventHandler(EventHandler),
}

impl HostService {
    /// Returns the functions of the service.
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
    /// Returns the service of the function: the only one of its type in its module, else in its crate; without a known
    /// type the only one of its module.
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

/// Returns the item if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// Returns the name of a module's crate.
fn root(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}
