//! Series from the samples of a page: buckets and quantiles put together again.

use std::collections::BTreeMap;

use super::family::{Family, PageExemplar, Sample};
use crate::series::{Bucket, Distribution, Exemplar, Kind, Labels, Series, Value};

pub(super) fn of(family: &Family) -> Vec<Series> {
    match family.kind {
        Kind::Histogram | Kind::Summary => distributions(family),
        _ => numbers(family),
    }
}

fn numbers(family: &Family) -> Vec<Series> {
    let created = format!("{}_created", family.name);
    let samples = family
        .samples
        .iter()
        .filter(|sample| sample.name != created);
    let series = samples.map(|sample| {
        let value = Value::Number(sample.value);
        let mut series = series(family, &sample.name, sample.labels.clone(), value);
        series.exemplars = sample.exemplar.iter().map(exemplar).collect();
        series
    });
    series.collect()
}

fn series(family: &Family, name: &str, labels: Labels, value: Value) -> Series {
    Series {
        name: name.to_owned(),
        kind: family.kind,
        unit: family.unit.clone(),
        description: family.help.clone(),
        labels,
        value,
        exemplars: Vec::new(),
    }
}

/// A histogram or summary whose samples are being read.
#[derive(Default)]
struct DistributionParts {
    distribution: Distribution,
    exemplars: Vec<Exemplar>,
}

fn distributions(family: &Family) -> Vec<Series> {
    let mut parts: BTreeMap<Labels, DistributionParts> = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        let place = ["le", "quantile"]
            .iter()
            .find_map(|name| labels.remove(*name));
        let place = place.and_then(|place| place.parse().ok());
        parts.entry(labels).or_default().add(family, sample, place);
    }
    let finished = parts.into_iter().map(|(labels, mut parts)| {
        subtract_lower(&mut parts.distribution.buckets);
        let value = Value::Distribution(parts.distribution);
        let mut series = series(family, &family.name, labels, value);
        series.exemplars = parts.exemplars;
        series
    });
    finished.collect()
}

impl DistributionParts {
    fn add(&mut self, family: &Family, sample: &Sample, place: Option<f64>) {
        let suffix = sample.name.strip_prefix(family.name.as_str());
        let into = &mut self.distribution;
        match (suffix, place) {
            (Some("_count"), _) => into.count = whole(sample.value),
            (Some("_sum"), _) => into.sum = sample.value,
            (Some("_bucket"), Some(bound)) => into.buckets.push(Bucket {
                bound,
                count: whole(sample.value),
            }),
            (Some(""), Some(quantile)) => into.quantiles.push((quantile, sample.value)),
            _ => {}
        }
        self.exemplars.extend(sample.exemplar.iter().map(exemplar));
    }
}

/// Turns the cumulative counts of a page into a count for each bucket alone.
fn subtract_lower(buckets: &mut [Bucket]) {
    buckets.sort_by(|one, other| one.bound.total_cmp(&other.bound));
    let mut below = 0;
    for bucket in buckets {
        let up_to = bucket.count;
        bucket.count = up_to.saturating_sub(below);
        below = up_to;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count is whole, and `as` saturates"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

fn exemplar(from: &PageExemplar) -> Exemplar {
    let mut labels = from.labels.clone();
    Exemplar {
        value: from.value,
        trace_id: labels.remove("trace_id").unwrap_or_default(),
        span_id: labels.remove("span_id").unwrap_or_default(),
        labels,
    }
}
