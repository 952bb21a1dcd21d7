//! Declarations of metrics from all sources, by name and precedence.

use std::collections::BTreeMap;

use super::{
    metric::{METRICS, Metric},
    place::{Origin, RankedDeclaration},
    registrations,
    site_declaration::{METRIC_SITES, SiteDeclaration, SiteKind},
};
use crate::{
    action::{SERVICES, SITES},
    metric::{InstrumentKind, MetricDeclaration, name},
};

/// Collects the declarations that count, by lower-case name: OpenTelemetry names do not differ by case.
pub(super) fn all(
    counts: impl Fn(&RankedDeclaration) -> bool,
) -> BTreeMap<String, Vec<RankedDeclaration>> {
    let metrics = METRICS.iter().map(|metric| of_metric(metric));
    let sites = METRIC_SITES.iter().map(|site| of_site(site));
    let linked = metrics.chain(sites).chain(calls()).chain(services());
    let mut by_name: BTreeMap<String, Vec<RankedDeclaration>> = BTreeMap::new();
    for declaration in linked.chain(registrations::all()).filter(counts) {
        let name = declaration.declared.name.to_ascii_lowercase();
        by_name.entry(name).or_default().push(declaration);
    }
    for declarations in by_name.values_mut() {
        merge_doubles(declarations);
        declarations.sort_by(|one, other| one.rank().cmp(&other.rank()));
    }
    by_name
}

/// Merges a declared place with the registration of the same place. A call site learns its unit by the first value.
fn merge_doubles(declarations: &mut Vec<RankedDeclaration>) {
    let is_declared = |declaration: &RankedDeclaration| declaration.origin != Origin::Registered;
    let (mut declared, registrations): (Vec<RankedDeclaration>, Vec<RankedDeclaration>) =
        declarations.drain(..).partition(is_declared);
    for one in registrations {
        let same = |other: &&mut RankedDeclaration| other.declared.at == one.declared.at;
        match declared.iter_mut().find(same) {
            Some(double) => double.assumed_unit = one.assumed_unit,
            None => declarations.push(one),
        }
    }
    declarations.append(&mut declared);
}

fn of_metric(metric: &'static Metric) -> RankedDeclaration {
    let names = metric.labels.iter().map(|label| (*label).into());
    let labels = (!metric.labels.is_empty()).then(|| names.collect());
    let declared = MetricDeclaration {
        name: metric.name.into(),
        kind: metric.kind,
        unit: metric.unit.map(Into::into),
        description: metric.description.into(),
        labels,
        buckets: metric.buckets.map(<[f64]>::to_vec),
        at: metric.at,
    };
    rank_declaration(declared, Origin::Declaration, None)
}

fn of_site(site: &'static SiteDeclaration) -> RankedDeclaration {
    let declared = MetricDeclaration {
        name: site.name.into(),
        kind: site.kind.instrument(),
        unit: None,
        description: "".into(),
        labels: Some(site.labels.iter().map(|label| (*label).into()).collect()),
        buckets: None,
        at: site.at,
    };
    rank_declaration(declared, Origin::CallSite, Some(site.kind))
}

/// Declarations by metered functions. The owner of some functions is known only from their first call on.
fn calls() -> impl Iterator<Item = RankedDeclaration> {
    SITES.iter().flat_map(|site| {
        let linked = site.function().owner.is_some();
        let rank = move |declared| RankedDeclaration {
            linked,
            ..rank_declaration(declared, Origin::Call, None)
        };
        site.declared().into_iter().map(rank)
    })
}

fn services() -> impl Iterator<Item = RankedDeclaration> {
    let declared = SERVICES.iter().flat_map(|service| service.declared());
    declared.map(|declared| rank_declaration(declared, Origin::Call, None))
}

fn rank_declaration(
    declared: MetricDeclaration,
    origin: Origin,
    site: Option<SiteKind>,
) -> RankedDeclaration {
    let assumed = if site == Some(SiteKind::Timer) {
        "s"
    } else {
        ""
    };
    RankedDeclaration {
        assumed_unit: name::unit_of_name(&declared.name).unwrap_or(assumed),
        declared,
        origin,
        linked: true,
        site,
    }
}

/// The kind of a name, by the declaration that counts most.
pub(super) fn kind(declarations: &[RankedDeclaration]) -> Option<InstrumentKind> {
    Some(declarations.first()?.declared.kind)
}
