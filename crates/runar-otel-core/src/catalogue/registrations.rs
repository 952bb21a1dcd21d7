//! Registrations at run time, in all recorders.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    panic::Location,
    sync::{Mutex, PoisonError},
};

use super::place::{Origin, RankedDeclaration};
use crate::{
    metric::{
        Aggregation, MetricDeclaration,
        descriptor::{Descriptor, Unit},
    },
    threads::forked,
};

type RegistrationKey = (&'static Location<'static>, Cow<'static, str>);

/// The first registration of each name and place. The map grows by declarations, not by records.
static REGISTRATIONS: Mutex<BTreeMap<RegistrationKey, RankedDeclaration>> =
    Mutex::new(BTreeMap::new());

/// Notes a registration. A refused one is noted as well: the catalogue shows both sides of a conflict.
pub(crate) fn add(descriptor: &Descriptor, labels: &[(String, String)]) {
    let key = (descriptor.at, descriptor.name.clone());
    if let Some(mut registrations) = forked::lock(&REGISTRATIONS) {
        registrations
            .entry(key)
            .or_insert_with(|| declaration(descriptor, labels));
    }
}

/// Returns the registrations, in no order.
pub(super) fn all() -> Vec<RankedDeclaration> {
    let registrations = REGISTRATIONS.lock().unwrap_or_else(PoisonError::into_inner);
    registrations.values().cloned().collect()
}

fn declaration(descriptor: &Descriptor, labels: &[(String, String)]) -> RankedDeclaration {
    let (unit, assumed_unit) = match &descriptor.unit {
        Unit::Stated(unit) => (Some(unit.clone()), ""),
        Unit::FromName(unit) => (None, *unit),
    };
    let buckets = match &descriptor.aggregation {
        Aggregation::ExplicitBuckets(bounds) => Some(bounds.to_vec()),
        _ => None,
    };
    let labels: Vec<Cow<'static, str>> = labels.iter().map(|(key, _)| key.clone().into()).collect();
    let declared = MetricDeclaration {
        name: descriptor.name.clone(),
        kind: descriptor.kind,
        unit,
        description: descriptor.description.clone(),
        labels: (!labels.is_empty()).then_some(labels),
        buckets,
        at: descriptor.at,
    };
    RankedDeclaration {
        declared,
        assumed_unit,
        origin: Origin::Registered,
        linked: false,
        site: None,
    }
}
