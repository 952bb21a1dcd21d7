//! The handles of services.

use super::{
    append_list::AppendList,
    family::{Family, Group},
    family_handles::{ErrorCounters, FamilyHandles},
    service::ServiceMeta,
};
use crate::metric::MetricDeclaration;

/// The handles of services, which all of their actions share.
static SERVICE_HANDLES: AppendList<ServiceHandles> = AppendList::new();

/// The handles of one service and the errors that its actions declare, of the family `service_*`.
#[derive(Debug)]
pub(crate) struct ServiceHandles {
    family: Family,
    name: &'static str,
    handles: FamilyHandles,
}

impl ServiceHandles {
    pub(crate) fn handles(&self) -> &FamilyHandles {
        &self.handles
    }

    pub(crate) fn errors(&self, types: &[&'static str]) -> ErrorCounters {
        ErrorCounters::new(&self.family, &[("service", self.name.into())], types)
    }
}

/// The handles of a service, by its name and prefix.
pub(crate) fn service_handles(name: &'static str, family: Family) -> &'static ServiceHandles {
    let same = |known: &ServiceHandles| known.name == name && known.family.prefix == family.prefix;
    let make = || ServiceHandles {
        family,
        name,
        handles: FamilyHandles::new(&family, &[("service", name.into())]),
    };
    SERVICE_HANDLES.find_or_make(same, make).0
}

impl ServiceMeta {
    /// The family `service_*` of the service.
    pub(crate) fn family(&self) -> Family {
        self.family_of(Group::Service)
    }

    pub(crate) fn family_of(&self, group: Group) -> Family {
        Family {
            group,
            prefix: self.prefix,
            stem: None,
            labels: &[],
            buckets: None,
            at: self.at,
        }
    }

    /// The metrics of the service as a whole, and those of its events if it has them.
    #[must_use]
    pub fn declared(&self) -> Vec<MetricDeclaration> {
        let mut all = self.family().declared();
        if self.events {
            all.extend(self.family_of(Group::Published).declared());
        }
        all
    }

    pub(crate) fn begin_at_zero(&self) {
        service_handles(self.name, self.family())
            .handles
            .begin_at_zero();
    }
}
