//! Groups: the measurements of one batch by series, so that each series is recorded once.

use super::rings::BATCH;

/// Places where a series is looked for: enough that a batch of nothing but different ones finds free places.
const PLACES: usize = 2 * BATCH;

/// No measurement.
const NONE: u8 = u8::MAX;

/// Hands out the measurements of a batch, at most [`BATCH`], those of one series together and in order.
pub(super) fn by_series(series: &[u32], values: &[u64], mut record: impl FnMut(u32, &[u64])) {
    let Some(first) = series.first() else { return };
    if series.iter().all(|other| other == first) {
        return record(*first, values);
    }
    let chains = Chains::of(series);
    let mut together = [0; BATCH];
    for start in chains.starts.iter().take(chains.count) {
        let (mut at, mut count) = (usize::from(*start), 0);
        while let (Some(value), Some(place)) = (values.get(at), together.get_mut(count)) {
            *place = *value;
            count += 1;
            at = usize::from(chains.next.get(at).copied().unwrap_or(NONE));
        }
        if let (Some(series), Some(values)) =
            (series.get(usize::from(*start)), together.get(..count))
        {
            record(*series, values);
        }
    }
}

/// For each series of a batch its measurements, each leading to the next one.
struct Chains {
    /// The first measurement of each series.
    starts: [u8; BATCH],
    count: usize,
    /// The next measurement of the same series.
    next: [u8; BATCH],
}

impl Chains {
    fn of(series: &[u32]) -> Self {
        let mut chains = Self {
            starts: [NONE; BATCH],
            count: 0,
            next: [NONE; BATCH],
        };
        // The last measurement of the series that is found there.
        let mut last = [NONE; PLACES];
        for (at, number) in (0_u8..).zip(series) {
            let mut place = *number as usize % PLACES;
            while let Some(before) = last.get_mut(place) {
                if *before == NONE {
                    if let Some(start) = chains.starts.get_mut(chains.count) {
                        *start = at;
                        chains.count += 1;
                    }
                    *before = at;
                    break;
                }
                if series.get(usize::from(*before)) == Some(number) {
                    if let Some(next) = chains.next.get_mut(usize::from(*before)) {
                        *next = at;
                    }
                    *before = at;
                    break;
                }
                place = (place + 1) % PLACES;
            }
        }
        chains
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grouped(series: &[u32], values: &[u64]) -> Vec<(u32, Vec<u64>)> {
        let mut all = Vec::new();
        by_series(series, values, |series, values| {
            all.push((series, values.to_vec()));
        });
        all
    }

    #[test]
    fn nothing_is_no_group() {
        assert!(grouped(&[], &[]).is_empty());
    }

    proptest! {
        /// Those that differ by a multiple of the places are looked for in one place.
        #[test]
        fn each_series_comes_once_with_all_that_is_its(
            series in prop::collection::vec((0_u32..5, 0_u32..20), 1..=BATCH)
        ) {
            let series: Vec<u32> = series.iter().map(|(high, low)| high * 128 + low).collect();
            let values: Vec<u64> = (0..series.len() as u64).collect();
            let mut expected: Vec<(u32, Vec<u64>)> = Vec::new();
            for (series, value) in series.iter().zip(&values) {
                match expected.iter_mut().find(|(known, _)| known == series) {
                    Some((_, all)) => all.push(*value),
                    None => expected.push((*series, vec![*value])),
                }
            }
            prop_assert_eq!(grouped(&series, &values), expected);
        }
    }
}
