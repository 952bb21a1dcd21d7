//! The exemplars that a series keeps, and those that go with a point.

use std::{cmp::Reverse, time::SystemTime};

use super::Exemplar;

/// How many exemplars a number keeps at the most; its reservoir usually holds one.
pub(crate) const MOST_PER_NUMBER: usize = 16;

/// How many exemplars an exponential histogram keeps at the most.
///
/// OpenTelemetry specification, metrics SDK: *Exemplar defaults*.
pub(crate) const MOST_PER_EXPONENTIAL: usize = 20;

/// Keeps the newest ones.
pub(crate) fn keep_newest(kept: &mut Vec<Exemplar>, collected: Vec<Exemplar>, most: usize) {
    kept.extend(collected);
    kept.sort_by_key(|exemplar| Reverse(exemplar.time));
    kept.truncate(most);
}

/// Keeps the newest one of each bucket.
pub(crate) fn keep_one_each(
    kept: &mut Vec<Exemplar>,
    collected: Vec<Exemplar>,
    bucket: impl Fn(f64) -> usize,
) {
    kept.extend(collected);
    kept.sort_by_key(|exemplar| (bucket(exemplar.value), Reverse(exemplar.time)));
    kept.dedup_by_key(|exemplar| bucket(exemplar.value));
}

/// Picks those that belong to a point: measured in its window, counted in its value; ascending by value.
pub(crate) fn of_point(
    kept: &[Exemplar],
    start: SystemTime,
    time: SystemTime,
    counts: impl Fn(f64) -> bool,
) -> Vec<Exemplar> {
    let mut chosen: Vec<Exemplar> = kept
        .iter()
        .filter(|exemplar| start <= exemplar.time && exemplar.time <= time)
        .filter(|exemplar| counts(exemplar.value))
        .cloned()
        .collect();
    chosen.sort_by(|one, next| one.value.total_cmp(&next.value));
    chosen
}
