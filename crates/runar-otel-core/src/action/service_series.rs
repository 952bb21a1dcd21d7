//! The series of services.

use super::{
    appended::Appended,
    family::{Family, Group},
    series::{Errors, Series},
    service::ServiceMeta,
};
use crate::catalogue::MetricDeclaration;

/// The series of services, which all of their actions share.
static SERVICE_SERIES: Appended<ServiceSeries> = Appended::new();

/// The series of one service and the errors that its actions declare, of the family `service_*`.
#[derive(Debug)]
pub(crate) struct ServiceSeries {
    family: Family,
    name: &'static str,
    series: Series,
}

impl ServiceSeries {
    pub(crate) fn series(&self) -> &Series {
        &self.series
    }

    pub(crate) fn errors(&self, types: &[&'static str]) -> Errors {
        Errors::new(&self.family, &[("service", self.name.into())], types)
    }
}

/// The series of a service, by its name and prefix.
pub(crate) fn service_series(name: &'static str, family: Family) -> &'static ServiceSeries {
    let same = |known: &ServiceSeries| known.name == name && known.family.prefix == family.prefix;
    let make = || ServiceSeries {
        family,
        name,
        series: Series::new(&family, &[("service", name.into())]),
    };
    SERVICE_SERIES.find_or_make(same, make).0
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
        service_series(self.name, self.family())
            .series
            .begin_at_zero();
    }
}
