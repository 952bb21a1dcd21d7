//! Declarations of metrics from all sources, by name and precedence.

use std::collections::BTreeMap;

use super::{
    declared::Declared,
    metric::{METRICS, Metric},
    place::{Origin, Said},
    registered,
};
use crate::{
    action::{SERVICES, SITES},
    call_site::{METRIC_SITES, SiteDeclaration, SiteKind},
    metric::{InstrumentKind, name},
};

/// Collects the declarations that count, by lower-case name: OpenTelemetry names do not differ by case.
pub(super) fn all(counts: impl Fn(&Said) -> bool) -> BTreeMap<String, Vec<Said>> {
    let metrics = METRICS.iter().map(|metric| of_metric(metric));
    let sites = METRIC_SITES.iter().map(|site| of_site(site));
    let linked = metrics.chain(sites).chain(calls()).chain(services());
    let mut by_name: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    for said in linked.chain(registered::all()).filter(counts) {
        let name = said.declared.name.to_ascii_lowercase();
        by_name.entry(name).or_default().push(said);
    }
    for said in by_name.values_mut() {
        without_doubles(said);
        said.sort_by(|one, other| one.rank().cmp(&other.rank()));
    }
    by_name
}

/// Merges a declared place with the registration of the same place. A call site learns its unit by the first value.
fn without_doubles(said: &mut Vec<Said>) {
    let is_declared = |said: &Said| said.origin != Origin::Registered;
    let (mut declared, registered): (Vec<Said>, Vec<Said>) = said.drain(..).partition(is_declared);
    for one in registered {
        let same = |other: &&mut Said| other.declared.at == one.declared.at;
        match declared.iter_mut().find(same) {
            Some(double) => double.assumed_unit = one.assumed_unit,
            None => said.push(one),
        }
    }
    said.append(&mut declared);
}

fn of_metric(metric: &'static Metric) -> Said {
    let names = metric.labels.iter().map(|label| (*label).into());
    let labels = (!metric.labels.is_empty()).then(|| names.collect());
    let declared = Declared {
        name: metric.name.into(),
        kind: metric.kind,
        unit: metric.unit.map(Into::into),
        description: metric.description.into(),
        labels,
        buckets: metric.buckets.map(<[f64]>::to_vec),
        at: metric.at,
    };
    declares(declared, Origin::Declaration, None)
}

fn of_site(site: &'static SiteDeclaration) -> Said {
    let declared = Declared {
        name: site.name.into(),
        kind: site.kind.instrument(),
        unit: None,
        description: "".into(),
        labels: Some(site.labels.iter().map(|label| (*label).into()).collect()),
        buckets: None,
        at: site.at,
    };
    declares(declared, Origin::CallSite, Some(site.kind))
}

/// Declarations by metered functions. The owner of some functions is known only from their first call on.
fn calls() -> impl Iterator<Item = Said> {
    SITES.iter().flat_map(|site| {
        let linked = site.function().owner.is_some();
        let said = move |declared| Said {
            linked,
            ..declares(declared, Origin::Call, None)
        };
        site.declared().into_iter().map(said)
    })
}

fn services() -> impl Iterator<Item = Said> {
    let declared = SERVICES.iter().flat_map(|service| service.declared());
    declared.map(|declared| declares(declared, Origin::Call, None))
}

fn declares(declared: Declared, origin: Origin, site: Option<SiteKind>) -> Said {
    let assumed = if site == Some(SiteKind::Timer) {
        "s"
    } else {
        ""
    };
    Said {
        assumed_unit: name::unit_of_name(&declared.name).unwrap_or(assumed),
        declared,
        origin,
        linked: true,
        site,
    }
}

/// The kind of a name, by the declaration that counts most.
pub(super) fn kind(said: &[Said]) -> Option<InstrumentKind> {
    Some(said.first()?.declared.kind)
}
