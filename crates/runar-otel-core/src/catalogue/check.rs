//! Contradictions between the places that declare one metric.

use std::{collections::BTreeSet, panic::Location};

use super::{
    kind,
    place::{Origin, RankedDeclaration},
    sources,
};
use crate::{
    action::{idle_message, idle_services},
    label::difference::difference,
    metric::InstrumentKind,
};

/// Two places that contradict each other, or one that has no effect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// Different instrument kinds.
    #[error("metric `{name}` at {at} is a {}, but {first_at} says {}: expected one kind per name", kind::word(*kind), kind::word(*first))]
    Kind {
        /// Name of the metric.
        name: String,
        /// The kind at the contradicting place.
        kind: InstrumentKind,
        /// The contradicting place.
        at: &'static Location<'static>,
        /// The kind at the place that counts.
        first: InstrumentKind,
        /// The place that decides.
        first_at: &'static Location<'static>,
    },
    /// Different UCUM units.
    #[error(
        "metric `{name}` at {at} has unit `{unit}`, but {first_at} says `{first}`: expected one unit per name"
    )]
    Unit {
        /// Name of the metric.
        name: String,
        /// The unit at the contradicting place.
        unit: String,
        /// The contradicting place.
        at: &'static Location<'static>,
        /// The unit at the place that decides.
        first: String,
        /// The place that decides.
        first_at: &'static Location<'static>,
    },
    /// Different label names.
    #[error("metric `{name}` at {at} {difference}, as {first_at} says")]
    Labels {
        /// Name of the metric.
        name: String,
        /// The missing and surplus labels, with the names that were probably meant.
        difference: String,
        /// The contradicting place.
        at: &'static Location<'static>,
        /// The place that decides.
        first_at: &'static Location<'static>,
    },
    /// Different bucket bounds.
    #[error(
        "metric `{name}` at {at} has buckets {buckets:?}, but {first_at} says {first:?}: expected the same buckets"
    )]
    Buckets {
        /// Name of the metric.
        name: String,
        /// The bounds at the contradicting place.
        buckets: Vec<f64>,
        /// The contradicting place.
        at: &'static Location<'static>,
        /// The bounds at the place that counts.
        first: Vec<f64>,
        /// The place that decides.
        first_at: &'static Location<'static>,
    },
    /// A service without any instrumented method.
    #[error("{}", idle_message(name, at))]
    IdleService {
        /// Name of the service.
        name: &'static str,
        /// The place of its `#[metrics]`.
        at: &'static Location<'static>,
    },
}

/// Checks the catalogue: returns contradictions between the places that declare one metric, sorted by name and place,
/// then the services with `#[metrics]` that have no instrumented method.
#[must_use]
pub fn check() -> Vec<Mismatch> {
    let all = sources::all(|_| true);
    let idle = idle_services().into_iter();
    all.values()
        .flat_map(|declarations| mismatches(declarations))
        .chain(idle.map(|service| Mismatch::IdleService {
            name: service.name,
            at: service.at,
        }))
        .collect()
}

fn mismatches(declarations: &[RankedDeclaration]) -> Vec<Mismatch> {
    let mut found = Vec::new();
    found.extend(compare_places(declarations, kind_mismatch));
    found.extend(compare_places(declarations, unit_mismatch));
    found.extend(labels(declarations));
    found.extend(compare_places(declarations, buckets_mismatch));
    found
}

/// Compares each place with the first one before it that states the property, too.
fn compare_places(
    declarations: &[RankedDeclaration],
    compare: impl Fn(&RankedDeclaration, &RankedDeclaration) -> Comparison,
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for (index, place) in declarations.iter().enumerate().skip(1) {
        for first in declarations.iter().take(index) {
            match compare(first, place) {
                Comparison::Silent => {}
                Comparison::Agrees => break,
                Comparison::Differs(mismatch) => {
                    found.push(mismatch);
                    break;
                }
            }
        }
    }
    found
}

enum Comparison {
    /// The property is stated at only one of the places.
    Silent,
    Agrees,
    Differs(Mismatch),
}

fn kind_mismatch(first: &RankedDeclaration, place: &RankedDeclaration) -> Comparison {
    let (kind, known) = (place.declared.kind, first.declared.kind);
    let fits = place.site.map_or(kind == known, |site| site.fits(known));
    if fits {
        return Comparison::Agrees;
    }
    Comparison::Differs(Mismatch::Kind {
        name: place.declared.name.clone().into_owned(),
        kind,
        at: place.declared.at,
        first: known,
        first_at: first.declared.at,
    })
}

fn unit_mismatch(first: &RankedDeclaration, place: &RankedDeclaration) -> Comparison {
    let (Some(unit), Some(known)) = (&place.declared.unit, &first.declared.unit) else {
        return Comparison::Silent;
    };
    if unit == known {
        return Comparison::Agrees;
    }
    Comparison::Differs(Mismatch::Unit {
        name: place.declared.name.clone().into_owned(),
        unit: unit.clone().into_owned(),
        at: place.declared.at,
        first: known.clone().into_owned(),
        first_at: first.declared.at,
    })
}

/// Compares buckets. Calls of one family may each have buckets of their own, and others beside them.
fn buckets_mismatch(first: &RankedDeclaration, place: &RankedDeclaration) -> Comparison {
    let (Some(buckets), Some(known)) = (&place.declared.buckets, &first.declared.buckets) else {
        return Comparison::Silent;
    };
    if [first.origin, place.origin].contains(&Origin::Call) {
        return Comparison::Silent;
    }
    if buckets == known {
        return Comparison::Agrees;
    }
    Comparison::Differs(Mismatch::Buckets {
        name: place.declared.name.clone().into_owned(),
        buckets: buckets.clone(),
        at: place.declared.at,
        first: known.clone(),
        first_at: first.declared.at,
    })
}

/// Compares labels with those of the places that count most. A handle knows only some of the labels of its metric, and
/// calls of one family have different ones: for these only foreign labels are wrong. Call sites among themselves may
/// leave all labels out.
fn labels(declarations: &[RankedDeclaration]) -> Vec<Mismatch> {
    let speaks = |declaration: &&RankedDeclaration| {
        declaration
            .declared
            .labels
            .as_ref()
            .is_some_and(|all| !all.is_empty())
    };
    let Some(first) = declarations
        .iter()
        .filter(|declaration| declaration.origin != Origin::Registered)
        .find(speaks)
    else {
        return Vec::new();
    };
    let same = declarations
        .iter()
        .filter(|declaration| declaration.origin == first.origin);
    let known: BTreeSet<&str> = match first.origin {
        Origin::Call => same.flat_map(names).collect(),
        _ => names(first).collect(),
    };
    let known: Vec<&str> = known.into_iter().collect();
    let others = declarations
        .iter()
        .filter(|declaration| declaration.declared.at != first.declared.at);
    others
        .filter_map(|place| labels_mismatch(first, &known, place))
        .collect()
}

fn labels_mismatch(
    first: &RankedDeclaration,
    known: &[&str],
    place: &RankedDeclaration,
) -> Option<Mismatch> {
    let given: Vec<&str> = names(place).collect();
    let partial = first.origin == Origin::Call || place.origin == Origin::Registered;
    let silent =
        place.declared.labels.is_none() || given.is_empty() && first.origin == Origin::CallSite;
    let within = given.iter().all(|name| known.contains(name));
    if silent || partial && within {
        return None;
    }
    Some(Mismatch::Labels {
        name: place.declared.name.clone().into_owned(),
        difference: difference(&given, known)?,
        at: place.declared.at,
        first_at: first.declared.at,
    })
}

fn names(declaration: &RankedDeclaration) -> impl Iterator<Item = &str> {
    declaration
        .declared
        .labels
        .iter()
        .flatten()
        .map(AsRef::as_ref)
}
