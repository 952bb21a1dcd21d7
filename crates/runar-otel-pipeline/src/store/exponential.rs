//! Base-2 exponential histograms, which merge by downscaling.
//!
//! OpenTelemetry specification, metrics data model: *Exponential Scale*: a bucket of scale `s` lies within
//! bucket `index >> 1` of scale `s - 1`.

use runar_otel_core::exemplar::Exemplar;

use super::{
    accumulate::{Accumulate, Rule},
    exemplars,
    explicit::{extreme, new_extreme},
};
use crate::snapshot::{ExponentialBuckets, ExponentialHistogram};

impl Accumulate for ExponentialHistogram {
    fn conform(&mut self, _rule: &mut Rule) {}

    fn absorb(&mut self, newer: &Self, rule: &Rule) {
        let scale = self.scale.min(newer.scale);
        let (own, other) = (steps(self.scale, scale), steps(newer.scale, scale));
        let excess = excess(
            union(&self.positive, own, &newer.positive, other),
            rule.max_size,
        )
        .max(excess(
            union(&self.negative, own, &newer.negative, other),
            rule.max_size,
        ));
        let (own, other) = (own + excess, other + excess);
        self.positive = merged(&self.positive, own, &newer.positive, other);
        self.negative = merged(&self.negative, own, &newer.negative, other);
        self.scale = i32::try_from(i64::from(scale) - i64::from(excess)).unwrap_or(i32::MIN);
        self.count = self.count.saturating_add(newer.count);
        self.sum = self.sum.zip(newer.sum).map(|(one, other)| one + other);
        self.min = extreme(self.min, newer.min, f64::min);
        self.max = extreme(self.max, newer.max, f64::max);
        self.zero_count = self.zero_count.saturating_add(newer.zero_count);
        // The SDK's threshold is always zero; of two others the wider one covers both.
        self.zero_threshold = self.zero_threshold.max(newer.zero_threshold);
    }

    /// A scale gets finer only by a new beginning.
    fn is_reset(&self, before: &Self, _rule: &Rule) -> bool {
        self.count < before.count || self.scale > before.scale
    }

    fn minus(&self, before: &Self) -> Self {
        let coarser = steps(before.scale, self.scale);
        Self {
            count: self.count.saturating_sub(before.count),
            sum: self.sum.zip(before.sum).map(|(one, other)| one - other),
            min: new_extreme(self.min, before.min),
            max: new_extreme(self.max, before.max),
            scale: self.scale,
            zero_count: self.zero_count.saturating_sub(before.zero_count),
            zero_threshold: self.zero_threshold,
            positive: remainder(&self.positive, &before.positive, coarser),
            negative: remainder(&self.negative, &before.negative, coarser),
        }
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

    fn keep(&self, kept: &mut Vec<Exemplar>, delivered: Vec<Exemplar>) {
        exemplars::keep_newest(kept, delivered, exemplars::MOST_PER_EXPONENTIAL);
    }
}

/// First and last index.
type Span = Option<(i64, i64)>;

/// How often the resolution halves from one scale to a coarser one; the range of `f64` ends long before 62.
fn steps(from: i32, to: i32) -> u32 {
    u32::try_from(i64::from(from) - i64::from(to))
        .unwrap_or(0)
        .min(62)
}

/// The indices that hold something, at a resolution `steps` coarser.
fn span(buckets: &ExponentialBuckets, steps: u32) -> Span {
    let held = |count: &u64| *count > 0;
    let first = buckets.counts.iter().position(held)?;
    let last = buckets.counts.iter().rposition(held)?;
    let at = |place: usize| {
        i64::from(buckets.offset).saturating_add(i64::try_from(place).unwrap_or(i64::MAX)) >> steps
    };
    Some((at(first), at(last)))
}

fn union(one: &ExponentialBuckets, own: u32, other: &ExponentialBuckets, its: u32) -> Span {
    match (span(one, own), span(other, its)) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// How much coarser the scale has to become for the span to fit. Two buckets hold everything at last.
fn excess(span: Span, max_size: usize) -> u32 {
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

/// The buckets without those of before, whose resolution is `steps` finer.
fn remainder(
    buckets: &ExponentialBuckets,
    before: &ExponentialBuckets,
    steps: u32,
) -> ExponentialBuckets {
    let mut rest = buckets.clone();
    let indices = i64::from(before.offset)..;
    for (index, less) in indices.zip(&before.counts) {
        let place = usize::try_from((index >> steps) - i64::from(rest.offset)).ok();
        if let Some(count) = place.and_then(|place| rest.counts.get_mut(place)) {
            *count = count.saturating_sub(*less);
        }
    }
    merged(&rest, 0, &ExponentialBuckets::default(), 0)
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
    use crate::store::accumulate::Combine;

    fn rule(max_size: usize) -> Rule {
        Rule {
            combine: Combine::Add,
            monotonic: false,
            max_size,
            bounds: None,
        }
    }

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
        fn merging_two_is_the_histogram_of_all_values(
            one in values(),
            other in values(),
            sizes in (2_usize..160, 0_i32..20, 0_i32..20),
        ) {
            let (max_size, finest, coarser) = sizes;
            let mut merged = reference(&one, finest, max_size);
            let newer = reference(&other, coarser, max_size);
            let scale = merged.scale.min(newer.scale);
            merged.absorb(&newer, &rule(max_size));
            let all: Vec<f64> = one.iter().chain(&other).copied().collect();
            let mut expected = reference(&all, scale, max_size);
            expected.sum = merged.sum;
            prop_assert_eq!(&merged, &expected);
            let sum: f64 = all.iter().sum();
            prop_assert!((merged.sum.unwrap() - sum).abs() <= 1e-9 * sum.abs().max(1e90));
            for value in all {
                let _ = merged.counts(value);
            }
        }

        #[test]
        fn what_came_before_and_after_is_everything(
            one in values(),
            other in values(),
            max_size in 2_usize..160,
        ) {
            let all: Vec<f64> = one.iter().chain(&other).copied().collect();
            let before = reference(&one, 20, max_size);
            let all = reference(&all, 20, max_size);
            prop_assert!(!all.is_reset(&before, &rule(max_size)));
            let newer = all.minus(&before);
            prop_assert_eq!(newer.count, other.len() as u64);
            prop_assert_eq!(&newer.positive, &remainder(&all.positive, &before.positive, steps(before.scale, all.scale)));
            let mut merged = before;
            merged.absorb(&newer, &rule(max_size));
            merged.sum = all.sum;
            prop_assert_eq!(merged, all);
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
        one.absorb(&reference(&[f64::MAX], 20, 160), &rule(1));
        assert_eq!(one.positive.counts, [1, 1]);
        assert_eq!(one.scale, -10);
    }
}
