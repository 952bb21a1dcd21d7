//! Which exemplars a series keeps, and which of them go with a point.

use std::{cmp::Reverse, time::SystemTime};

use runar_otel_core::exemplar::Exemplar;

use super::accumulate::Accumulate;

/// How many exemplars a number keeps at the most; its reservoir usually holds one.
pub(super) const MOST_PER_NUMBER: usize = 16;

/// How many exemplars an exponential histogram keeps at the most.
///
/// OpenTelemetry specification, metrics SDK: *Exemplar defaults*.
pub(super) const MOST_PER_EXPONENTIAL: usize = 20;

/// Keeps the newest ones.
pub(super) fn keep_newest(kept: &mut Vec<Exemplar>, delivered: Vec<Exemplar>, most: usize) {
    kept.extend(delivered);
    kept.sort_by_key(|exemplar| Reverse(exemplar.time));
    kept.truncate(most);
}

/// Keeps the newest one of each bucket.
pub(super) fn keep_one_each(
    kept: &mut Vec<Exemplar>,
    delivered: Vec<Exemplar>,
    bucket: impl Fn(f64) -> usize,
) {
    kept.extend(delivered);
    kept.sort_by_key(|exemplar| (bucket(exemplar.value), Reverse(exemplar.time)));
    kept.dedup_by_key(|exemplar| bucket(exemplar.value));
}

/// Picks those that belong to a point: measured in its window, counted in it; ascending by value.
pub(super) fn of_point<V: Accumulate>(
    kept: &[Exemplar],
    start: Option<SystemTime>,
    time: SystemTime,
    value: &V,
) -> Vec<Exemplar> {
    let mut chosen: Vec<Exemplar> = kept
        .iter()
        .filter(|exemplar| start.is_none_or(|start| start <= exemplar.time))
        .filter(|exemplar| exemplar.time <= time && value.counts(exemplar.value))
        .cloned()
        .collect();
    chosen.sort_by(|one, next| one.value.total_cmp(&next.value));
    chosen
}
