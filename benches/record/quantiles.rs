//! Counts durations in buckets of 3 % width, so that millions of them take no memory and no time beside the record.

/// Buckets per power of two: 32.
const BITS: u32 = 5;

#[derive(Clone, Debug)]
pub(crate) struct Quantiles {
    counts: Vec<u64>,
    total: u64,
}

impl Quantiles {
    pub(crate) fn new() -> Self {
        Self {
            counts: vec![0; 64 << BITS],
            total: 0,
        }
    }

    pub(crate) fn add(&mut self, nanoseconds: u64) {
        if let Some(count) = self.counts.get_mut(bucket(nanoseconds)) {
            *count += 1;
            self.total += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The end of the bucket that holds this part of all durations; `per_myriad` of 9990 is p99.9.
    pub(crate) fn at(&self, per_myriad: u64) -> u64 {
        let mut left = (self.total * per_myriad).div_ceil(10_000);
        for (bucket, count) in self.counts.iter().enumerate() {
            if *count >= left {
                return end(bucket);
            }
            left -= count;
        }
        0
    }
}

/// The first buckets are a nanosecond wide, then each power of two is divided alike.
fn bucket(nanoseconds: u64) -> usize {
    let power = (u64::BITS - nanoseconds.leading_zeros()).saturating_sub(BITS + 1);
    let place = (u64::from(power) << BITS) + (nanoseconds >> power);
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let power = (bucket >> BITS).saturating_sub(1);
    let place = bucket - (power << BITS);
    ((place + 1) << power) - 1
}
