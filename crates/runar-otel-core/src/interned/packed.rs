//! Packed labels: one piece of memory, compared without a call.

use crate::handle::Labels;

/// The names and values of some labels, one after the other, each pair with its lengths before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    pub(super) fn of(labels: Labels<'_>) -> Self {
        let mut packed = Vec::new();
        for (name, value) in labels {
            packed.extend(lengths(name, value).to_ne_bytes());
            packed.extend(name.as_bytes());
            packed.extend(value.as_bytes());
        }
        Self(packed.into())
    }

    /// Whether these are the labels.
    #[inline]
    pub(super) fn is(&self, labels: Labels<'_>) -> bool {
        let mut rest = &*self.0;
        for (name, value) in labels {
            match after(rest, name, value) {
                Some(left) => rest = left,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

/// The lengths of both: no label is longer than 4 GiB.
#[inline]
fn lengths(name: &str, value: &str) -> u64 {
    (name.len() as u64) << 32 | value.len() as u64
}

/// What follows this label, if the packed ones begin with it.
#[inline]
fn after<'a>(packed: &'a [u8], name: &str, value: &str) -> Option<&'a [u8]> {
    let (known, text) = packed.split_first_chunk::<8>()?;
    if u64::from_ne_bytes(*known) != lengths(name, value) {
        return None;
    }
    let (known, text) = text.split_at_checked(name.len())?;
    let names = same(known, name.as_bytes());
    let (known, rest) = text.split_at_checked(value.len())?;
    (names && same(known, value.as_bytes())).then_some(rest)
}

/// Whether two slices of one length are equal: most labels are short, and a call of `memcmp` takes longer than two reads
/// that overlap.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    match one.len() {
        0 => true,
        1..4 => short(one) == short(other),
        4..8 => ends(one) == ends(other),
        8..=16 => long_ends(one) == long_ends(other),
        _ => one == other,
    }
}

/// All bytes of one to three.
#[inline]
fn short(slice: &[u8]) -> Option<(u8, u8, u8)> {
    let middle = slice.get(slice.len() / 2)?;
    Some((*slice.first()?, *middle, *slice.last()?))
}

/// All bytes of four to eight.
#[inline]
fn ends(slice: &[u8]) -> Option<(u32, u32)> {
    let (first, last) = (slice.first_chunk()?, slice.last_chunk()?);
    Some((u32::from_ne_bytes(*first), u32::from_ne_bytes(*last)))
}

/// All bytes of eight to sixteen.
#[inline]
fn long_ends(slice: &[u8]) -> Option<(u64, u64)> {
    let (first, last) = (slice.first_chunk()?, slice.last_chunk()?);
    Some((u64::from_ne_bytes(*first), u64::from_ne_bytes(*last)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn where_one_piece_ends_is_part_of_it() {
        let packed = Packed::of(&[("ab", "c"), ("d", "")]);
        assert!(packed.is(&[("ab", "c"), ("d", "")]));
        for other in [
            &[("a", "bc"), ("d", "")][..],
            &[("ab", "c"), ("", "d")],
            &[("ab", "c")],
            &[("ab", "c"), ("d", ""), ("", "")],
        ] {
            assert!(!packed.is(other), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_of_all_lengths_are_compared(
            known in "[ab]{0,20}", given in "[ab]{0,20}", at in 0_usize..20,
        ) {
            let packed = Packed::of(&[("n", &known)]);
            prop_assert!(packed.is(&[("n", &known)]));
            prop_assert_eq!(packed.is(&[("n", &given)]), known == given);
            // One other character, anywhere.
            let mut changed: Vec<char> = known.chars().collect();
            if let Some(place) = changed.get_mut(at) {
                *place = 'c';
                let changed: String = changed.iter().collect();
                prop_assert!(!packed.is(&[("n", &changed)]));
                prop_assert!(!packed.is(&[(&changed, &known)]));
            }
        }
    }
}
