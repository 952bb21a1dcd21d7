//! Classic buckets: cumulative counts up to each bound.

use crate::snapshot::{ExponentialBuckets, ExponentialHistogram, Histogram};

/// Cumulative counts by ascending bound; the bucket up to `+Inf` is the total.
///
/// One value is filled again for each series.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    /// Upper inclusive bounds, strictly ascending and finite, with the count of all values up to each.
    pub(crate) list: Vec<(f64, u64)>,
    /// The count of all values.
    pub(crate) total: u64,
}

impl Buckets {
    /// Fills in explicit buckets.
    pub(crate) fn explicit(&mut self, from: &Histogram) {
        self.list.clear();
        self.list
            .extend(from.bounds.iter().copied().zip(from.counts.iter().copied()));
        let last = from.counts.get(from.bounds.len()).copied();
        self.accumulate(last.unwrap_or_default(), from.count);
    }

    /// Fills in exponential buckets as classic ones whose bounds are powers of two.
    ///
    /// The text formats know no native histograms. The resolution is scale 0 whatever the scale of the point: a
    /// point changes its scale as values come in, and bounds that come and go would break every query over time.
    /// Going to a lower scale merges whole buckets, so counts stay exact. A scale below zero has only some of those
    /// bounds, and these are used. Bounds reach from the smallest to the largest bucket in use, its far edge
    /// included, so that a quantile is not interpolated from zero.
    ///
    /// Buckets of negative values include their *lower* edge, classic ones their upper: a value of exactly
    /// `-2^k` counts from the next higher bound on.
    pub(crate) fn exponential(&mut self, from: &ExponentialHistogram) {
        self.list.clear();
        let negative = Side::of(&from.negative, from.scale);
        let positive = Side::of(&from.positive, from.scale);
        if let Some(side) = &negative {
            let edges = side.counts.iter().zip(side.first..);
            self.list
                .extend(edges.map(|(count, index)| (-side.edge(index), *count)));
            self.list.push((-side.edge(side.end()), 0));
        }
        if from.zero_count > 0 || negative.is_some() {
            self.list.push((from.zero_threshold, from.zero_count));
        }
        if let Some(side) = &positive {
            self.list.push((side.edge(side.first), 0));
            let edges = side.counts.iter().zip(side.first.saturating_add(1)..);
            self.list
                .extend(edges.map(|(count, index)| (side.edge(index), *count)));
        }
        self.list.sort_by(|one, next| one.0.total_cmp(&next.0));
        self.accumulate(0, from.count);
    }

    /// True if some bound is below zero.
    pub(crate) fn has_negative(&self) -> bool {
        self.list.first().is_some_and(|(bound, _)| *bound < 0.0)
    }

    /// Turns counts per bucket into cumulative ones and drops infinite and repeated bounds.
    fn accumulate(&mut self, beyond: u64, count: u64) {
        let mut sum = 0_u64;
        for (bound, count) in &mut self.list {
            // Minus zero would be another label value than zero.
            *bound += 0.0;
            sum = sum.saturating_add(*count);
            *count = sum;
        }
        self.list.retain(|(bound, _)| bound.is_finite());
        self.list.dedup_by(|next, kept| {
            let same = next.0 <= kept.0;
            if same {
                kept.1 = next.1;
            }
            same
        });
        // The last bucket must not be smaller than one before it, whatever the point claims.
        self.total = count.max(sum.saturating_add(beyond));
    }
}

/// The positive or negative side of an exponential histogram at scale 0 or below, from the first to the last count
/// above zero.
struct Side {
    first: i64,
    counts: Vec<u64>,
    /// The number of powers of two that a bucket spans.
    step: i64,
}

impl Side {
    fn of(from: &ExponentialBuckets, scale: i32) -> Option<Self> {
        let down = u32::try_from(scale).unwrap_or_default().min(63);
        let wide = u32::try_from(scale.saturating_neg())
            .unwrap_or_default()
            .min(40);
        let used = (i64::from(from.offset)..)
            .zip(from.counts.iter().copied())
            .filter(|(_, count)| *count > 0);
        let mut side: Option<Self> = None;
        for (index, count) in used {
            let index = index >> down;
            let side = side.get_or_insert_with(|| Self {
                first: index,
                counts: Vec::new(),
                step: 1 << wide,
            });
            let at = usize::try_from(index - side.first).ok()?;
            if side.counts.len() <= at {
                side.counts.resize(at + 1, 0);
            }
            if let Some(sum) = side.counts.get_mut(at) {
                *sum = sum.saturating_add(count);
            }
        }
        side
    }

    /// Returns the index after the last bucket.
    fn end(&self) -> i64 {
        self.first
            .saturating_add(i64::try_from(self.counts.len()).unwrap_or(i64::MAX))
    }

    /// Returns the distance from zero of a bucket's nearer edge.
    fn edge(&self, index: i64) -> f64 {
        power_of_two(index.saturating_mul(self.step))
    }
}

/// Returns two to the power of an exponent, exactly; zero or infinity outside the range of `f64`.
fn power_of_two(exponent: i64) -> f64 {
    let bits = match exponent {
        1024.. => return f64::INFINITY,
        -1022..=1023 => u64::try_from(exponent + 1023).map(|exponent| exponent << 52),
        -1074..=-1023 => u64::try_from(exponent + 1074).map(|place| 1 << place),
        _ => return 0.0,
    };
    bits.map_or(0.0, f64::from_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(scale: i32, positive: (i32, &[u64]), negative: (i32, &[u64])) -> ExponentialHistogram {
        let buckets = |(offset, counts): (i32, &[u64])| ExponentialBuckets {
            offset,
            counts: counts.to_vec(),
        };
        let counts = positive.1.iter().chain(negative.1);
        ExponentialHistogram {
            count: counts.sum(),
            sum: None,
            min: None,
            max: None,
            scale,
            zero_count: 0,
            zero_threshold: 0.0,
            positive: buckets(positive),
            negative: buckets(negative),
        }
    }

    fn exponential(from: &ExponentialHistogram) -> Buckets {
        let mut buckets = Buckets::default();
        buckets.exponential(from);
        buckets
    }

    #[test]
    fn powers_of_two_are_exact() {
        assert_eq!(power_of_two(0), 1.0);
        assert_eq!(power_of_two(-1), 0.5);
        assert_eq!(power_of_two(1023), 2.0_f64.powi(1023));
        assert_eq!(power_of_two(-1074), f64::from_bits(1));
        assert_eq!(power_of_two(-1023), f64::MIN_POSITIVE / 2.0);
        assert_eq!(power_of_two(-1075), 0.0);
        assert_eq!(power_of_two(1024), f64::INFINITY);
    }

    #[test]
    fn finer_scales_merge_whole_buckets() {
        // Scale 2: four buckets per power of two; -2..-1 lie in (0.5, 1], 0..3 in (1, 2], 4 in (2, 4].
        let buckets = exponential(&point(2, (-2, &[1, 2, 3, 4, 5, 6, 7]), (0, &[])));
        assert_eq!(buckets.list, [(0.5, 0), (1.0, 3), (2.0, 21), (4.0, 28)]);
        assert_eq!(buckets.total, 28);
    }

    #[test]
    fn coarser_scales_keep_their_bounds() {
        // Scale -1: base 4.
        let buckets = exponential(&point(-1, (0, &[1, 0, 2]), (0, &[])));
        assert_eq!(buckets.list, [(1.0, 0), (4.0, 1), (16.0, 1), (64.0, 3)]);
    }

    #[test]
    fn negative_values_and_zeros_come_first() {
        let mut from = point(0, (0, &[5]), (1, &[2, 3]));
        from.zero_count = 4;
        from.count += 4;
        let buckets = exponential(&from);
        assert_eq!(
            buckets.list,
            [
                (-8.0, 0),
                (-4.0, 3),
                (-2.0, 5),
                (0.0, 9),
                (1.0, 9),
                (2.0, 14)
            ]
        );
        assert_eq!(buckets.total, 14);
    }

    #[test]
    fn unused_edges_are_left_out() {
        let buckets = exponential(&point(0, (-3, &[0, 0, 1, 0]), (7, &[0, 0])));
        assert_eq!(buckets.list, [(0.5, 0), (1.0, 1)]);
    }

    #[test]
    fn a_threshold_among_the_buckets_keeps_the_order() {
        let mut from = point(0, (0, &[1, 1]), (0, &[]));
        from.zero_threshold = 1.5;
        from.zero_count = 2;
        from.count += 2;
        let buckets = exponential(&from);
        assert_eq!(buckets.list, [(1.0, 0), (1.5, 2), (2.0, 3), (4.0, 4)]);
    }

    #[test]
    fn extreme_scales_and_offsets_do_no_harm() {
        for scale in [i32::MIN, -40, -11, 20, 63, i32::MAX] {
            for offset in [i32::MIN, -1, 0, i32::MAX] {
                let buckets = exponential(&point(scale, (offset, &[1, 2]), (offset, &[3])));
                assert_eq!(buckets.total, 6, "{scale} {offset}");
                assert!(buckets.list.is_sorted_by(|one, next| one.0 < next.0));
            }
        }
    }

    #[test]
    fn explicit_buckets_are_summed_up() {
        let mut from = Histogram {
            count: 6,
            sum: None,
            min: None,
            max: None,
            bounds: [-0.0, 1.0].into(),
            counts: vec![1, 2, 3],
        };
        let mut buckets = Buckets::default();
        buckets.explicit(&from);
        assert_eq!(
            (buckets.list.clone(), buckets.total),
            (vec![(0.0, 1), (1.0, 3)], 6)
        );
        assert!(buckets.list[0].0.is_sign_positive());
        from.counts.clear();
        buckets.explicit(&from);
        assert_eq!((buckets.list.len(), buckets.total), (0, 6));
    }
}
