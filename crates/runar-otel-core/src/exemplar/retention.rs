//! The exemplars that a series keeps, and those that go with a point.

use std::{cmp::Reverse, time::SystemTime};

use super::Exemplar;

/// The most exemplars that a number keeps; its reservoir usually holds one.
pub(crate) const MOST_PER_NUMBER: usize = 16;

/// The most exemplars that an exponential histogram keeps.
///
/// OpenTelemetry specification, metrics SDK: *Exemplar defaults*.
pub(crate) const MOST_PER_EXPONENTIAL: usize = 20;

/// Drops kept exemplars that seem to be later than all collected ones: the clock was set back.
fn forget_the_future(kept: &mut Vec<Exemplar>, collected: &[Exemplar]) {
    if let Some(latest) = collected.iter().map(|exemplar| exemplar.time).max() {
        kept.retain(|exemplar| exemplar.time <= latest);
    }
}

/// Keeps the newest exemplars, `most` of them.
pub(crate) fn keep_newest(kept: &mut Vec<Exemplar>, collected: Vec<Exemplar>, most: usize) {
    forget_the_future(kept, &collected);
    kept.extend(collected);
    kept.sort_by_key(|exemplar| Reverse(exemplar.time));
    kept.truncate(most);
}

/// Keeps the newest exemplar of each bucket.
pub(crate) fn keep_one_each(
    kept: &mut Vec<Exemplar>,
    collected: Vec<Exemplar>,
    bucket: impl Fn(f64) -> usize,
) {
    forget_the_future(kept, &collected);
    kept.extend(collected);
    kept.sort_by_key(|exemplar| (bucket(exemplar.value), Reverse(exemplar.time)));
    kept.dedup_by_key(|exemplar| bucket(exemplar.value));
}

/// Picks the exemplars of a point: measured in its window, counted in its value; ascending by value.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_hides_no_exemplar() {
        let now = SystemTime::now();
        let earlier = now - Duration::from_secs(3600);
        let mut of_number = vec![Exemplar::new(1.0, now)];
        keep_newest(&mut of_number, vec![Exemplar::new(2.0, earlier)], 1);
        let mut of_bucket = vec![Exemplar::new(1.0, now)];
        keep_one_each(&mut of_bucket, vec![Exemplar::new(2.0, earlier)], |_| 0);
        for kept in [of_number, of_bucket] {
            assert_eq!(kept, [Exemplar::new(2.0, earlier)]);
        }
    }
}
