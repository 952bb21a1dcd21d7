//! The reservoir that is aligned to the buckets of a histogram.

use std::sync::Arc;

use super::{Exemplar, ExemplarReservoir, Measurement};

/// Keeps at most one measurement per bucket, each measurement of a bucket with the same chance.
///
/// OpenTelemetry specification, metrics SDK: *AlignedHistogramBucketExemplarReservoir*.
#[derive(Debug)]
pub struct AlignedBucketReservoir {
    bounds: Arc<[f64]>,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    seen: u64,
    kept: Option<Exemplar>,
}

impl AlignedBucketReservoir {
    /// Builds a reservoir for a histogram with these upper, inclusive bounds.
    #[must_use]
    pub fn new(bounds: Arc<[f64]>) -> Self {
        let buckets = vec![Bucket::default(); bounds.len() + 1];
        Self { bounds, buckets }
    }
}

impl ExemplarReservoir for AlignedBucketReservoir {
    fn offer(&mut self, measurement: &Measurement<'_>) {
        let at = self
            .bounds
            .partition_point(|bound| *bound < measurement.value());
        let Some(bucket) = self.buckets.get_mut(at) else {
            return;
        };
        bucket.seen += 1;
        if fastrand::u64(0..bucket.seen) == 0 {
            bucket.kept = Some(measurement.to_exemplar());
        }
    }

    fn collect(&mut self) -> Vec<Exemplar> {
        self.buckets
            .iter_mut()
            .filter_map(|bucket| {
                bucket.seen = 0;
                bucket.kept.take()
            })
            .collect()
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small whole numbers"
)]
mod tests {
    use super::*;
    use crate::exemplar::MeasuredLabels;

    fn offer(reservoir: &mut AlignedBucketReservoir, value: f64) {
        reservoir.offer(&Measurement::new(
            value,
            MeasuredLabels::Attributes(&[]),
            None,
            None,
        ));
    }

    fn values(reservoir: &mut AlignedBucketReservoir) -> Vec<f64> {
        reservoir
            .collect()
            .iter()
            .map(|exemplar| exemplar.value)
            .collect()
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        let mut reservoir = AlignedBucketReservoir::new(Arc::from([1.0, 2.0]));
        for value in [1.0, 2.0, 2.1] {
            offer(&mut reservoir, value);
        }
        assert_eq!(values(&mut reservoir), [1.0, 2.0, 2.1]);
        assert!(values(&mut reservoir).is_empty());
    }

    #[test]
    fn each_measurement_of_a_bucket_has_the_same_chance() {
        let mut hits = [0_u32; 4];
        let mut reservoir = AlignedBucketReservoir::new(Arc::from([100.0]));
        for _ in 0..20_000 {
            for value in 0..4 {
                offer(&mut reservoir, f64::from(value));
            }
            for value in values(&mut reservoir) {
                hits[value.round() as usize] += 1;
            }
        }
        // 5000 expected, standard deviation 61: six of them either way.
        assert!(
            hits.iter().all(|hit| (4630..5370).contains(hit)),
            "{hits:?}"
        );
    }
}
