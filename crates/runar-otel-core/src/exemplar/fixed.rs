//! The reservoir of a fixed size.

use super::{Exemplar, ExemplarReservoir, Measurement};

/// Keeps a fixed number of measurements, each with the same chance (Vitter's algorithm R).
///
/// OpenTelemetry specification, metrics SDK: *SimpleFixedSizeExemplarReservoir*.
#[derive(Debug)]
pub struct FixedSizeReservoir {
    size: usize,
    seen: usize,
    kept: Vec<Exemplar>,
}

impl FixedSizeReservoir {
    /// Builds a reservoir for so many exemplars.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self {
            size,
            seen: 0,
            kept: Vec::new(),
        }
    }
}

impl ExemplarReservoir for FixedSizeReservoir {
    fn offer(&mut self, measurement: &Measurement<'_>) {
        self.seen += 1;
        if self.kept.len() < self.size {
            self.kept.push(measurement.to_exemplar());
        } else if let Some(kept) = self.kept.get_mut(fastrand::usize(0..self.seen)) {
            *kept = measurement.to_exemplar();
        }
    }

    fn collect(&mut self) -> Vec<Exemplar> {
        self.seen = 0;
        std::mem::take(&mut self.kept)
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

    #[test]
    fn every_measurement_has_the_same_chance() {
        let mut hits = [0_u32; 10];
        let mut reservoir = FixedSizeReservoir::new(2);
        for _ in 0..20_000 {
            for value in 0..10 {
                reservoir.offer(&Measurement::new(
                    f64::from(value),
                    MeasuredLabels::Attributes(&[]),
                    None,
                    None,
                ));
            }
            for exemplar in reservoir.collect() {
                hits[exemplar.value as usize] += 1;
            }
        }
        // 4000 expected, standard deviation 57: six of them either way.
        assert!(
            hits.iter().all(|hit| (3650..4350).contains(hit)),
            "{hits:?}"
        );
    }

    #[test]
    fn a_reservoir_without_room_keeps_nothing() {
        let mut reservoir = FixedSizeReservoir::new(0);
        reservoir.offer(&Measurement::new(
            1.0,
            MeasuredLabels::Attributes(&[]),
            None,
            None,
        ));
        assert!(reservoir.collect().is_empty());
    }
}
