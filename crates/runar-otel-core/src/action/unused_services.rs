//! Services that ask for metrics, but none of whose methods is instrumented.

use std::panic::Location;

use super::{
    service::{SERVICES, ServiceMeta},
    site::{SITES, Site},
};
use crate::report;

/// Returns the linked services whose metrics certainly have no source.
///
/// A method whose impl has no attribute does not know its service when it is compiled. If there is one in the
/// file of the service, it may belong to it: then nothing is certain.
#[must_use]
pub fn idle_services() -> Vec<&'static ServiceMeta> {
    SERVICES
        .iter()
        .copied()
        .filter(|service| !SITES.iter().any(|site| may_feed(site, service)))
        .collect()
}

fn may_feed(site: &Site, service: &ServiceMeta) -> bool {
    match site.function().owner {
        Some(owner) => owner
            .service
            .is_some_and(|known| known.name == service.name && known.module == service.module),
        None => site.at().file() == service.at.file(),
    }
}

/// Reports the services whose metrics nothing feeds, once each.
pub(crate) fn report() {
    for service in idle_services() {
        report::once(("idle", service.name, service.at), || {
            message(service.name, service.at)
        });
    }
}

/// Returns the report on a service whose metrics nothing feeds.
#[must_use]
pub fn message(name: &str, at: &Location<'_>) -> String {
    format!(
        "service `{name}` at {at} asks for metrics, but none of its methods is instrumented: expected `#[metered]` or `#[action]` on a method, or `#[metrics]` on an impl with actions"
    )
}
