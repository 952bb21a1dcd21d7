//! Precedence: a `#[metric]` declaration decides about its metric, also against an earlier registration.

use std::sync::Arc;

use super::{Metric, linked};
use crate::{
    metric::{
        Aggregation, InstrumentKind,
        descriptor::{Descriptor, Joining, Unit},
        name,
        number::NumberKind,
    },
    report,
};

/// Returns the `#[metric]` declaration of a name, which counts as the first registration.
pub(crate) fn declared(asked: &Descriptor) -> Option<Descriptor> {
    linked::metric(&asked.name).and_then(|metric| of_metric(metric, asked))
}

fn of_metric(metric: &'static Metric, asked: &Descriptor) -> Option<Descriptor> {
    let number = if metric.kind == asked.kind {
        asked.number
    } else {
        NumberKind::F64
    };
    let description = match metric.description {
        "" => asked.description.clone(),
        description => description.into(),
    };
    let descriptor = Descriptor {
        name: metric.name.into(),
        description,
        unit: unit(metric, asked),
        kind: metric.kind,
        number,
        values: asked.values,
        aggregation: aggregation(metric).unwrap_or_else(|| asked.aggregation.clone()),
        joining: Joining::Any,
        sharing: asked.sharing,
        at: metric.at,
    };
    match descriptor.check() {
        Ok(()) => Some(descriptor),
        Err(error) => {
            report::once(("declared", metric.at), || {
                format!("{error}; the declaration at {} does not count", metric.at)
            });
            None
        }
    }
}

fn unit(metric: &Metric, asked: &Descriptor) -> Unit {
    let unit = metric.unit.or_else(|| name::unit_of_name(metric.name));
    unit.map_or_else(|| asked.unit.clone(), |unit| Unit::Stated(unit.into()))
}

fn aggregation(metric: &Metric) -> Option<Aggregation> {
    let bounds = metric
        .buckets
        .filter(|_| metric.kind == InstrumentKind::Histogram)?;
    let bounds = name::without_infinity(bounds);
    Some(Aggregation::ExplicitBuckets(Arc::from(bounds)))
}

/// Reports a histogram whose buckets are not the declared ones. Two histograms of one name may have different buckets,
/// each in a scope of its own; but nobody expects a second one where the buckets are declared.
pub(crate) fn report_buckets(made: &Descriptor) {
    let Some(metric) = linked::metric(&made.name) else {
        return;
    };
    let Some(declared) = aggregation(metric).filter(|declared| *declared != made.aggregation)
    else {
        return;
    };
    report::once(("buckets", made.at), || {
        format!(
            "metric `{}` at {} has buckets {}, but {} declares {}: it is kept beside the declared one, in a scope of its own",
            made.name,
            made.at,
            bounds(&made.aggregation),
            metric.at,
            bounds(&declared)
        )
    });
}

fn bounds(aggregation: &Aggregation) -> String {
    match aggregation {
        Aggregation::ExplicitBuckets(bounds) => format!("{bounds:?}"),
        _ => "of another kind".to_owned(),
    }
}
