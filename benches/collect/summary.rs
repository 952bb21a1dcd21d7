//! Medians and quantiles.

use std::time::Duration;

/// The quantile of some samples, which it sorts.
pub(crate) fn quantile<T: Copy + Ord + Default>(samples: &mut [T], share: f64) -> T {
    samples.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among fewer than 2^53"
    )]
    let at = ((samples.len().saturating_sub(1)) as f64 * share).ceil() as usize;
    samples.get(at).copied().unwrap_or_default()
}

/// The median in milliseconds.
pub(crate) fn median(samples: &mut [Duration]) -> f64 {
    quantile(samples, 0.5).as_secs_f64() * 1e3
}

/// How often each duration was seen: to the nanosecond up to four microseconds, to half a percent beyond.
///
/// As many as there are, without memory that grows and disturbs what is measured.
pub(crate) struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

/// How many bits of a duration are kept.
const BITS: u32 = 8;
const EXACT: u64 = 1 << 12;

impl Latencies {
    pub(crate) fn new() -> Self {
        Self {
            counts: vec![0; 1 << 14],
            total: 0,
        }
    }

    pub(crate) fn add(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let place = if nanos < EXACT {
            nanos
        } else {
            let exponent = nanos.ilog2();
            let step = u64::from(exponent - EXACT.ilog2());
            let within = (nanos >> (exponent - BITS)) - (1 << BITS);
            EXACT + (step << BITS) + within
        };
        let count = usize::try_from(place).ok();
        if let Some(count) = count.and_then(|at| self.counts.get_mut(at)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// The quantile, in nanoseconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts and times are far below 2^53"
    )]
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.total as f64;
        let mut seen = 0;
        for (place, count) in (0_u64..).zip(&self.counts) {
            seen += count;
            if *count > 0 && seen as f64 >= wanted {
                return Self::value(place) as f64;
            }
        }
        0.0
    }

    fn value(place: u64) -> u64 {
        let Some(beyond) = place.checked_sub(EXACT) else {
            return place;
        };
        let (step, within) = (beyond >> BITS, beyond & ((1 << BITS) - 1));
        ((1 << BITS) + within) << (step + u64::from(EXACT.ilog2() - BITS))
    }
}
