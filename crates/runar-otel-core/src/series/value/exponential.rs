//! Base-2 exponential histograms, which merge by downscaling.
//!
//! OpenTelemetry specification, metrics data model: *Exponential Scale*: a bucket of scale `s` lies within
//! bucket `index >> 1` of scale `s - 1`.

use super::{Aggregate, Fingerprint, explicit::extreme};
use crate::{
    exemplar::{Exemplar, retention},
    metric::number::finite,
};

/// A base-2 exponential histogram: bucket `i` covers `(base^i, base^(i+1)]`, base `2^(2^-scale)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExponentialHistogram {
    /// The number of values.
    pub count: u64,
    /// The sum of the values; `None` if it has no meaning because values may be negative.
    pub sum: Option<f64>,
    /// The smallest value, if known.
    pub min: Option<f64>,
    /// The largest value, if known.
    pub max: Option<f64>,
    /// The resolution: the base of the buckets is `2^(2^-scale)`.
    pub scale: i32,
    /// Values within the zero threshold.
    pub zero_count: u64,
    /// The width of the zero bucket.
    pub zero_threshold: f64,
    /// Buckets above zero.
    pub positive: ExponentialBuckets,
    /// Buckets below zero, by absolute value.
    pub negative: ExponentialBuckets,
}

/// A dense run of exponential buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialBuckets {
    /// The index of the first count.
    pub offset: i32,
    /// Counts of consecutive buckets.
    pub counts: Vec<u64>,
}

impl ExponentialHistogram {
    /// Begins an empty histogram at its finest scale.
    #[must_use]
    pub fn new(max_scale: i32) -> Self {
        Self {
            count: 0,
            sum: Some(0.0),
            min: None,
            max: None,
            scale: max_scale,
            zero_count: 0,
            zero_threshold: 0.0,
            positive: ExponentialBuckets::default(),
            negative: ExponentialBuckets::default(),
        }
    }

    /// Counts a finite value, at a coarser scale if a side would have more than `max_size` buckets otherwise.
    pub fn add(&mut self, value: f64, max_size: usize) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.map(|sum| finite(sum + value));
        self.min = extreme(self.min, Some(value), f64::min);
        self.max = extreme(self.max, Some(value), f64::max);
        let size = value.abs();
        if size <= self.zero_threshold {
            self.zero_count = self.zero_count.saturating_add(1);
            return;
        }
        let mut at = index(size, self.scale);
        let excess = excess(self.side(value).with(at), max_size);
        if excess > 0 {
            self.downscale(excess);
            at >>= excess;
        }
        self.side(value).count(at);
    }

    /// Adds the counts of another histogram, at a coarser scale if a side would have more than `max_size` buckets
    /// otherwise.
    pub fn merge(&mut self, other: &Self, max_size: usize) {
        self.absorb(other, max_size);
    }

    fn side(&mut self, value: f64) -> &mut ExponentialBuckets {
        if value > 0.0 {
            &mut self.positive
        } else {
            &mut self.negative
        }
    }

    fn downscale(&mut self, steps: u32) {
        let none = ExponentialBuckets::default();
        self.positive = merged(&self.positive, steps, &none, 0);
        self.negative = merged(&self.negative, steps, &none, 0);
        self.scale = coarser(self.scale, steps);
    }
}

impl ExponentialBuckets {
    /// The range of the indices that hold something, together with this one.
    fn with(&self, at: i64) -> IndexRange {
        let length = i64::try_from(self.counts.len()).unwrap_or(i64::MAX);
        if length == 0 {
            return Some((at, at));
        }
        // The first and the last count are never 0.
        let first = i64::from(self.offset);
        Some((first.min(at), (first + length - 1).max(at)))
    }

    /// Adds one to the bucket of this index, which fits.
    fn count(&mut self, at: i64) {
        if self.counts.is_empty() {
            self.offset = i32::try_from(at).unwrap_or(0);
        }
        let first = i64::from(self.offset);
        if at < first {
            let more = usize::try_from(first - at).unwrap_or(0);
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.offset = i32::try_from(at).unwrap_or(0);
        }
        let place = usize::try_from(at - i64::from(self.offset)).unwrap_or(0);
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }
}

impl Aggregate for ExponentialHistogram {
    fn absorb(&mut self, later: &Self, max_size: usize) {
        let scale = self.scale.min(later.scale);
        let (own, other) = (steps(self.scale, scale), steps(later.scale, scale));
        let positive = union(&self.positive, own, &later.positive, other);
        let negative = union(&self.negative, own, &later.negative, other);
        let excess = excess(positive, max_size).max(excess(negative, max_size));
        let (own, other) = (own + excess, other + excess);
        self.positive = merged(&self.positive, own, &later.positive, other);
        self.negative = merged(&self.negative, own, &later.negative, other);
        self.scale = coarser(scale, excess);
        self.count = self.count.saturating_add(later.count);
        self.sum = self
            .sum
            .zip(later.sum)
            .map(|(one, other)| finite(one + other));
        self.min = extreme(self.min, later.min, f64::min);
        self.max = extreme(self.max, later.max, f64::max);
        self.zero_count = self.zero_count.saturating_add(later.zero_count);
        self.zero_threshold = self.zero_threshold.max(later.zero_threshold);
    }

    fn is_nothing(&self) -> bool {
        self.count == 0
    }

    fn counts(&self, measurement: f64) -> bool {
        if measurement.abs() <= self.zero_threshold {
            return self.zero_count > 0;
        }
        let side = if measurement > 0.0 {
            &self.positive
        } else {
            &self.negative
        };
        let at = index(measurement.abs(), self.scale) - i64::from(side.offset);
        usize::try_from(at)
            .ok()
            .and_then(|at| side.counts.get(at))
            .is_some_and(|count| *count > 0)
    }

    fn keep(&self, kept: &mut Vec<Exemplar>, collected: Vec<Exemplar>) {
        retention::keep_newest(kept, collected, retention::MOST_PER_EXPONENTIAL);
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.count, self.sum.unwrap_or_default().to_bits())
    }
}

fn coarser(scale: i32, steps: u32) -> i32 {
    i32::try_from(i64::from(scale) - i64::from(steps)).unwrap_or(i32::MIN)
}

/// First and last index.
type IndexRange = Option<(i64, i64)>;

/// Returns how many times the resolution halves from one scale to a coarser one, at most 62: the range of `f64` ends
/// long before.
fn steps(from: i32, to: i32) -> u32 {
    u32::try_from(i64::from(from) - i64::from(to))
        .unwrap_or(0)
        .min(62)
}

/// The indices that hold something, at a resolution `steps` coarser.
fn span(buckets: &ExponentialBuckets, steps: u32) -> IndexRange {
    let held = |count: &u64| *count > 0;
    let first = buckets.counts.iter().position(held)?;
    let last = buckets.counts.iter().rposition(held)?;
    let at = |place: usize| {
        i64::from(buckets.offset).saturating_add(i64::try_from(place).unwrap_or(i64::MAX)) >> steps
    };
    Some((at(first), at(last)))
}

fn union(one: &ExponentialBuckets, own: u32, other: &ExponentialBuckets, its: u32) -> IndexRange {
    match (span(one, own), span(other, its)) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// Returns the number of halvings of the resolution after which the span fits. With enough of them everything fits in
/// two buckets.
fn excess(span: IndexRange, max_size: usize) -> u32 {
    let Some((mut low, mut high)) = span else {
        return 0;
    };
    let most = i64::try_from(max_size.max(2)).unwrap_or(i64::MAX);
    let mut steps = 0;
    while high - low >= most {
        low >>= 1;
        high >>= 1;
        steps += 1;
    }
    steps
}

fn merged(
    one: &ExponentialBuckets,
    own: u32,
    other: &ExponentialBuckets,
    its: u32,
) -> ExponentialBuckets {
    let Some((low, high)) = union(one, own, other, its) else {
        return ExponentialBuckets::default();
    };
    let size = usize::try_from(high - low + 1).unwrap_or(0);
    let mut counts = vec![0_u64; size];
    for (buckets, steps) in [(one, own), (other, its)] {
        let indices = i64::from(buckets.offset)..;
        for (index, more) in indices.zip(&buckets.counts) {
            let place = usize::try_from((index >> steps) - low).ok();
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count = count.saturating_add(*more);
            }
        }
    }
    ExponentialBuckets {
        offset: i32::try_from(low).unwrap_or(0),
        counts,
    }
}

/// The index of the bucket of a positive value, computed as the SDK does it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the logarithm of a fraction of at least one half is within 2^20 at the finest scale"
)]
fn index(value: f64, scale: i32) -> i64 {
    let (fraction, exponent) = frexp(value);
    if scale <= 0 {
        // An exact power of two is the upper, inclusive bound of the bucket below.
        let correction = if fraction == 0.5 { 2 } else { 1 };
        return (exponent - correction) >> steps(0, scale);
    }
    let scale = scale.min(20);
    let factor = std::f64::consts::LOG2_E * 2_f64.powi(scale);
    (exponent << scale) + (fraction.ln() * factor) as i64 - 1
}

/// Splits a positive finite value into a fraction in `[0.5, 1)` and a power of two.
fn frexp(value: f64) -> (f64, i64) {
    const EXPONENT: u64 = 0x7ff << 52;
    const HALF: u64 = 0x3fe << 52;
    if value > 0.0 && value < f64::MIN_POSITIVE {
        let (fraction, exponent) = frexp(value * 2_f64.powi(64));
        return (fraction, exponent - 64);
    }
    let bits = value.to_bits();
    let exponent = i64::try_from((bits & EXPONENT) >> 52).unwrap_or(0) - 0x3fe;
    (f64::from_bits(bits & !EXPONENT | HALF), exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn buckets(values: &[f64], scale: i32) -> ExponentialBuckets {
        let indices: Vec<i64> = values
            .iter()
            .map(|v| index(*v, 20) >> (20 - scale))
            .collect();
        let Some(low) = indices.iter().min().copied() else {
            return ExponentialBuckets::default();
        };
        let size = indices.iter().max().unwrap() - low + 1;
        let mut counts = vec![0; usize::try_from(size).unwrap()];
        for index in indices {
            counts[usize::try_from(index - low).unwrap()] += 1;
        }
        ExponentialBuckets {
            offset: i32::try_from(low).unwrap(),
            counts,
        }
    }

    /// The histogram of these values at the finest scale, at most `finest`, where both sides fit.
    fn reference(values: &[f64], finest: i32, max_size: usize) -> ExponentialHistogram {
        let positive: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
        let negative: Vec<f64> = values.iter().filter(|v| **v < 0.0).map(|v| -v).collect();
        let fits = |scale: &i32| {
            [&positive, &negative].into_iter().all(|side| {
                let mut indices: Vec<i64> =
                    side.iter().map(|v| index(*v, 20) >> (20 - scale)).collect();
                indices.sort_unstable();
                match (indices.first(), indices.last()) {
                    (Some(low), Some(high)) => high - low < max_size as i64,
                    _ => true,
                }
            })
        };
        let scale = (-11..=finest).rev().find(fits).unwrap();
        ExponentialHistogram {
            count: values.len() as u64,
            sum: Some(values.iter().sum()),
            min: values.iter().copied().reduce(f64::min),
            max: values.iter().copied().reduce(f64::max),
            scale,
            zero_count: values.iter().filter(|v| **v == 0.0).count() as u64,
            zero_threshold: 0.0,
            positive: buckets(&positive, scale),
            negative: buckets(&negative, scale),
        }
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let one = prop_oneof![
            Just(0.0),
            0.1..10.0_f64,
            (-30.0..30.0_f64).prop_map(f64::exp2),
            (-300.0..300.0_f64).prop_map(|v| -v.exp2()),
        ];
        prop::collection::vec(one, 0..40)
    }

    proptest! {
        #[test]
        fn adding_one_by_one_is_the_histogram_of_all_values(
            values in values(),
            max_size in 2_usize..160,
            finest in 0_i32..=20,
        ) {
            let mut histogram = ExponentialHistogram::new(finest);
            values.iter().for_each(|value| histogram.add(*value, max_size));
            let mut expected = reference(&values, finest, max_size);
            expected.sum = histogram.sum;
            prop_assert_eq!(&histogram, &expected);
        }

        #[test]
        fn merging_two_is_the_histogram_of_all_values(
            one in values(),
            other in values(),
            sizes in (2_usize..160, 0_i32..20, 0_i32..20),
        ) {
            let (max_size, finest, coarser) = sizes;
            let mut merged = reference(&one, finest, max_size);
            let later = reference(&other, coarser, max_size);
            let scale = merged.scale.min(later.scale);
            merged.absorb(&later, max_size);
            let all: Vec<f64> = one.iter().chain(&other).copied().collect();
            let mut expected = reference(&all, scale, max_size);
            expected.sum = merged.sum;
            prop_assert_eq!(&merged, &expected);
            let sum: f64 = all.iter().sum();
            prop_assert!((merged.sum.unwrap() - sum).abs() <= 1e-9 * sum.abs().max(1e90));
            for value in all {
                prop_assert!(merged.counts(value));
            }
        }

        #[test]
        fn a_value_lies_within_the_bounds_of_its_bucket(exponent in -1000.0..1000.0_f64, scale in -10_i32..=20) {
            let value = exponent.exp2();
            let width = 2_f64.powi(-scale);
            let at = index(value, scale) as f64;
            prop_assert!(at * width <= exponent + 1e-6 && exponent <= (at + 1.0) * width + 1e-6);
        }
    }

    #[test]
    fn powers_of_two_are_upper_bounds() {
        for scale in -3..=20 {
            let expected = ((2_i64 << 20) - 1) >> (20 - scale);
            assert_eq!(index(4.0, scale), expected, "scale {scale}");
        }
        assert_eq!(index(f64::MIN_POSITIVE / 4.0, 0), -1025);
    }

    #[test]
    fn downscaling_stops_where_two_buckets_hold_everything() {
        let mut one = reference(&[f64::MIN_POSITIVE], 20, 160);
        one.absorb(&reference(&[f64::MAX], 20, 160), 1);
        assert_eq!(one.positive.counts, [1, 1]);
        assert_eq!(one.scale, -10);
    }
}
