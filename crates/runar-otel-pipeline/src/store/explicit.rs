//! Histograms with explicit buckets.

use std::sync::Arc;

use runar_otel_core::exemplar::Exemplar;

use super::{
    accumulate::{Accumulate, Rule},
    exemplars,
};
use crate::snapshot::Histogram;

impl Accumulate for Histogram {
    /// A stream has one set of bounds, those of its first point, as an instrument created twice has in the
    /// SDK. Two instruments that differ in their description only can disagree: restarting the series at
    /// every turn would lose both, so the later one's counts move into the first one's buckets.
    fn conform(&mut self, rule: &mut Rule) {
        let bounds = rule.bounds.get_or_insert_with(|| Arc::clone(&self.bounds));
        if *self.bounds != **bounds {
            self.counts = rebucketed(self, bounds);
        }
        self.bounds = Arc::clone(bounds);
    }

    fn absorb(&mut self, newer: &Self, _rule: &Rule) {
        self.count = self.count.saturating_add(newer.count);
        self.sum = self.sum.zip(newer.sum).map(|(one, other)| one + other);
        self.min = extreme(self.min, newer.min, f64::min);
        self.max = extreme(self.max, newer.max, f64::max);
        for (count, more) in self.counts.iter_mut().zip(&newer.counts) {
            *count = count.saturating_add(*more);
        }
    }

    fn is_reset(&self, before: &Self, _rule: &Rule) -> bool {
        self.count < before.count
    }

    fn minus(&self, before: &Self) -> Self {
        let counts = self.counts.iter().zip(&before.counts);
        Self {
            count: self.count.saturating_sub(before.count),
            sum: self.sum.zip(before.sum).map(|(one, other)| one - other),
            min: new_extreme(self.min, before.min),
            max: new_extreme(self.max, before.max),
            bounds: Arc::clone(&self.bounds),
            counts: counts
                .map(|(one, other)| one.saturating_sub(*other))
                .collect(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.count == 0
    }

    fn counts(&self, measurement: f64) -> bool {
        if self.counts.is_empty() {
            return self.count > 0;
        }
        let at = bucket(&self.bounds, measurement);
        self.counts.get(at).is_some_and(|count| *count > 0)
    }

    fn keep(&self, kept: &mut Vec<Exemplar>, delivered: Vec<Exemplar>) {
        if self.bounds.is_empty() {
            let most = delivered.len().min(exemplars::MOST_PER_NUMBER);
            exemplars::keep_newest(kept, delivered, most);
        } else {
            exemplars::keep_one_each(kept, delivered, |value| bucket(&self.bounds, value));
        }
    }
}

/// The lesser or greater of two values, of which either may be unknown.
pub(super) fn extreme(
    one: Option<f64>,
    other: Option<f64>,
    of: fn(f64, f64) -> f64,
) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(of(one, other)),
        (one, other) => one.or(other),
    }
}

/// The extreme of what came after a moment: known only if it is one of everything.
pub(super) fn new_extreme(now: Option<f64>, before: Option<f64>) -> Option<f64> {
    now.filter(|now| before != Some(*now))
}

/// The bucket of a value: the first one whose bound is not below it.
fn bucket(bounds: &[f64], value: f64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}

/// The counts in buckets of other bounds: each count goes where the upper bound of its bucket falls.
fn rebucketed(histogram: &Histogram, bounds: &[f64]) -> Vec<u64> {
    if bounds.is_empty() {
        return Vec::new();
    }
    let highest = histogram.max.unwrap_or(f64::INFINITY);
    let mut counts = vec![0_u64; bounds.len() + 1];
    let mut put = |value: f64, more: u64| {
        if let Some(count) = counts.get_mut(bucket(bounds, value)) {
            *count = count.saturating_add(more);
        }
    };
    if histogram.counts.is_empty() {
        put(highest, histogram.count);
    }
    let uppers = histogram.bounds.iter().copied();
    for (upper, more) in uppers
        .chain([f64::INFINITY])
        .zip(histogram.counts.iter().copied())
    {
        put(upper.min(highest), more);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::accumulate::Combine;

    fn histogram(bounds: &[f64], values: &[f64]) -> Histogram {
        let mut counts = vec![0; bounds.len() + 1];
        for value in values {
            counts[bucket(bounds, *value)] += 1;
        }
        if bounds.is_empty() {
            counts.clear();
        }
        Histogram {
            count: values.len() as u64,
            sum: Some(values.iter().sum()),
            min: values.iter().copied().reduce(f64::min),
            max: values.iter().copied().reduce(f64::max),
            bounds: bounds.into(),
            counts,
        }
    }

    fn rule() -> Rule {
        Rule {
            combine: Combine::Add,
            monotonic: false,
            max_size: 160,
            bounds: None,
        }
    }

    #[test]
    fn merging_is_the_histogram_of_all_values() {
        let bounds = [1.0, 5.0];
        let mut rule = rule();
        let mut one = histogram(&bounds, &[0.5, 1.0, 7.0]);
        let mut other = histogram(&bounds, &[0.25, 5.0]);
        one.conform(&mut rule);
        other.conform(&mut rule);
        one.absorb(&other, &rule);
        assert_eq!(one, histogram(&bounds, &[0.5, 1.0, 7.0, 0.25, 5.0]));
    }

    #[test]
    fn a_difference_is_the_histogram_of_what_came_after() {
        let mut rule = rule();
        let mut one = histogram(&[1.0, 5.0], &[0.5, 3.0]);
        let mut all = histogram(&[1.0, 5.0], &[0.5, 3.0, 7.0, 2.0]);
        one.conform(&mut rule);
        all.conform(&mut rule);
        let newer = all.minus(&one);
        let expected = histogram(&[1.0, 5.0], &[7.0, 2.0]);
        assert_eq!((newer.min, newer.max), (None, Some(7.0)));
        let min = expected.min;
        assert_eq!(
            Histogram {
                min,
                ..newer.clone()
            },
            expected
        );
        assert!(one.is_reset(&all, &rule) && !all.is_reset(&one, &rule));
        one.absorb(&newer, &rule);
        assert_eq!(one, all);
    }

    #[test]
    fn other_bounds_keep_count_and_sum_and_lose_only_resolution() {
        let mut rule = rule();
        let mut one = histogram(&[1.0, 5.0], &[0.5]);
        one.conform(&mut rule);
        let mut other = histogram(&[2.0, 10.0], &[1.5, 8.0, 20.0]);
        other.conform(&mut rule);
        assert_eq!(other.counts, [0, 1, 2]);
        one.absorb(&other, &rule);
        assert_eq!((one.count, one.sum), (4, Some(30.0)));
        assert_eq!(one.counts.iter().sum::<u64>(), 4);
    }

    #[test]
    fn a_histogram_without_buckets_joins_one_with_buckets() {
        let mut rule = rule();
        histogram(&[1.0, 5.0], &[]).conform(&mut rule);
        let mut other = histogram(&[], &[0.5, 3.0]);
        other.conform(&mut rule);
        assert_eq!(other.counts, [0, 2, 0]);
    }

    #[test]
    fn an_unknown_sum_stays_unknown() {
        let rule = rule();
        let mut one = histogram(&[1.0], &[0.5]);
        let other = Histogram {
            sum: None,
            ..one.clone()
        };
        one.absorb(&other, &rule);
        assert_eq!(one.sum, None);
    }
}
