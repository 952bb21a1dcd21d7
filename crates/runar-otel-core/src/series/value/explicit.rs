//! Histograms with explicit buckets.

use std::sync::Arc;

use super::{Aggregate, Fingerprint};
use crate::{
    exemplar::{Exemplar, retention},
    metric::number::finite,
};

/// A histogram with explicit buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The number of values.
    pub count: u64,
    /// The sum of the values; `None` if it has no meaning because values may be negative.
    pub sum: Option<f64>,
    /// The smallest value, if known.
    pub min: Option<f64>,
    /// The largest value, if known.
    pub max: Option<f64>,
    /// Upper inclusive bounds, strictly ascending, without `+Inf`.
    pub bounds: Arc<[f64]>,
    /// Counts per bucket, one more than bounds; empty if only count and sum are kept.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Adds the counts of another histogram; false, with nothing added, if its bounds differ.
    #[must_use]
    pub fn merge(&mut self, other: &Self) -> bool {
        let fits = self.bounds == other.bounds && self.counts.len() == other.counts.len();
        if fits {
            self.absorb(other, 0);
        }
        fits
    }
}

impl Aggregate for Histogram {
    fn absorb(&mut self, later: &Self, _: usize) {
        self.count = self.count.saturating_add(later.count);
        self.sum = self
            .sum
            .zip(later.sum)
            .map(|(one, other)| finite(one + other));
        self.min = extreme(self.min, later.min, f64::min);
        self.max = extreme(self.max, later.max, f64::max);
        for (count, more) in self.counts.iter_mut().zip(&later.counts) {
            *count = count.saturating_add(*more);
        }
    }

    fn is_nothing(&self) -> bool {
        let empty = self.sum.is_none_or(|sum| sum == 0.0);
        self.count == 0 && empty && self.min.is_none() && self.max.is_none()
    }

    fn is_late(&self) -> bool {
        self.count == 0 && !self.is_nothing()
    }

    fn counts(&self, measurement: f64) -> bool {
        if self.counts.is_empty() {
            return self.count > 0;
        }
        let at = bucket(&self.bounds, measurement);
        self.counts.get(at).is_some_and(|count| *count > 0)
    }

    fn keep(&self, kept: &mut Vec<Exemplar>, collected: Vec<Exemplar>) {
        if self.bounds.is_empty() {
            let most = collected.len().min(retention::MOST_PER_NUMBER);
            retention::keep_newest(kept, collected, most);
        } else {
            retention::keep_one_each(kept, collected, |value| bucket(&self.bounds, value));
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.count, self.sum.unwrap_or_default().to_bits())
    }
}

/// Combines two extremes, of which either may be unknown.
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

/// Returns the bucket of a value: the first one whose bound is not below the value.
fn bucket(bounds: &[f64], value: f64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(bounds: &[f64], values: &[f64]) -> Histogram {
        let mut counts = vec![0; bounds.len() + 1];
        for value in values {
            counts[bucket(bounds, *value)] += 1;
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

    #[test]
    fn merging_is_the_histogram_of_all_values() {
        let bounds = [1.0, 5.0];
        let mut one = histogram(&bounds, &[0.5, 1.0, 7.0]);
        one.absorb(&histogram(&bounds, &[0.25, 5.0]), 160);
        assert_eq!(one, histogram(&bounds, &[0.5, 1.0, 7.0, 0.25, 5.0]));
    }

    #[test]
    fn other_bounds_do_not_merge() {
        let mut one = histogram(&[1.0], &[0.5]);
        let before = one.clone();
        assert!(!one.merge(&histogram(&[2.0], &[0.5])));
        assert_eq!(one, before);
        assert!(one.merge(&before));
        assert_eq!((one.count, &*one.counts), (2, &[2, 0][..]));
    }

    #[test]
    fn an_unknown_sum_stays_unknown() {
        let mut one = histogram(&[1.0], &[0.5]);
        let other = Histogram {
            sum: None,
            ..one.clone()
        };
        one.absorb(&other, 160);
        assert_eq!(one.sum, None);
    }
}
