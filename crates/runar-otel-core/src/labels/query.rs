//! Labels on their way to be looked up: borrowed, hashed and compared without a copy.

use once_cell::race::OnceBox;
use opentelemetry::KeyValue;

use super::{
    length::length_of,
    value::{ArrayRef, ValueRef},
};

/// A borrowed label.
pub(crate) trait Label {
    /// The name of the label; empty for a value whose name is known elsewhere.
    fn name(&self) -> &str;
    /// The value, as borrowed from the caller.
    fn value(&self) -> ValueRef<'_>;
}

impl Label for (&str, &str) {
    #[inline]
    fn name(&self) -> &str {
        self.0
    }

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Str(self.1)
    }
}

/// A value without its name, which the function knows.
impl Label for String {
    #[inline]
    fn name(&self) -> &'static str {
        ""
    }

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Str(self)
    }
}

impl Label for KeyValue {
    #[inline]
    fn name(&self) -> &str {
        self.key.as_str()
    }

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        (&self.value).into()
    }
}

impl Label for (&str, ValueRef<'_>) {
    #[inline]
    fn name(&self) -> &str {
        self.0
    }

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        self.1
    }
}

/// A hash of the values of labels, at random for each process.
#[inline]
pub(crate) fn hash(labels: &[impl Label]) -> u64 {
    let seeds = HashSeeds::of_the_process();
    let hash = seeds.hash(seeds.plain(), labels);
    hash ^ hash >> 32
}

/// True if the labels are canonical as they come: names ascend, each is there once.
#[inline]
pub(super) fn is_canonical(labels: &[impl Label]) -> bool {
    labels
        .iter()
        .zip(labels.iter().skip(1))
        .all(|(one, next)| one.name() < next.name())
}

/// The seeds of a hash, drawn at random: nobody can prepare label values that collide.
#[derive(Clone, Copy, Debug)]
pub(super) struct HashSeeds(u64, u64);

impl HashSeeds {
    /// The seeds of the process: the labels of a handle are hashed once for all of its streams.
    pub(super) fn of_the_process() -> Self {
        static SEEDS: OnceBox<HashSeeds> = OnceBox::new();
        *SEEDS.get_or_init(|| Box::new(HashSeeds(fastrand::u64(..) | 1, fastrand::u64(..) | 1)))
    }

    /// The initial hash for labels that come with base labels, from the packed bytes of those.
    pub(super) fn start(self, base: &[u8]) -> u64 {
        base.chunks(16)
            .fold(self.0, |hash, piece| mix(hash, words(piece), self.1))
    }

    /// The hash of the empty base.
    #[inline]
    pub(super) fn plain(self) -> u64 {
        self.0
    }

    /// Hashes the values, and of the names both ends: the sets of one metric mostly have the same names, and a
    /// match is compared anyway. Names that differ only in their middle collide, which costs a comparison
    /// (`benches/record`, *counter, 8 label sets*; `tests/instructions`, *counter labels*).
    #[inline]
    pub(super) fn hash(self, start: u64, labels: &[impl Label]) -> u64 {
        let mut hash = start;
        for label in labels {
            let (first, last) = words(label.name().as_bytes());
            hash ^= first.rotate_left(11) ^ last;
            hash = match label.value() {
                ValueRef::Str(text) => self.hash_text(hash, text.as_bytes()),
                other => self.hash_other(hash, other),
            };
        }
        hash
    }

    fn hash_other(self, hash: u64, value: ValueRef<'_>) -> u64 {
        match value {
            ValueRef::Str(text) => self.hash_text(hash, text.as_bytes()),
            ValueRef::Bool(value) => mix(hash, (u64::from(value), 1), self.1),
            ValueRef::I64(value) => mix(hash, (value.cast_unsigned(), 2), self.1),
            ValueRef::F64(value) => mix(hash, (value.to_bits(), 3), self.1),
            ValueRef::Array(array) => self.hash_array(hash, array),
        }
    }

    /// Hashes a string. Inlined for the short ones, which are two words: no loop and no call (`tests/instructions`,
    /// *counter labels*).
    #[inline(always)]
    fn hash_text(self, hash: u64, text: &[u8]) -> u64 {
        if text.len() <= 16 {
            return mix(hash, words(text), self.1);
        }
        self.hash_long_text(hash, text)
    }

    fn hash_long_text(self, hash: u64, text: &[u8]) -> u64 {
        let pieces = text.chunks(16);
        pieces.fold(hash ^ text.len() as u64, |hash, piece| {
            mix(hash, words(piece), self.1)
        })
    }

    #[cold]
    fn hash_array(self, hash: u64, array: ArrayRef<'_>) -> u64 {
        array
            .iter()
            .fold(hash ^ 4, |hash, element| self.hash_other(hash, element))
    }
}

/// Folds the product of both words into the hash, as `wyhash` and `foldhash` do.
#[inline]
fn mix(hash: u64, (first, last): (u64, u64), seed: u64) -> u64 {
    let product = u128::from(hash ^ first).wrapping_mul(u128::from(last ^ seed));
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are meant")]
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded.wrapping_add(hash.rotate_left(23))
}

/// Up to 16 bytes as two words, the length mixed in.
#[inline]
fn words(piece: &[u8]) -> (u64, u64) {
    let length = piece.len() as u64;
    match piece.len() {
        8.. => (first_8(piece), last_8(piece) ^ length << 56),
        4..8 => (first_4(piece), last_4(piece) ^ length << 56),
        _ => (up_to_3(piece), length << 56),
    }
}

#[inline]
fn first_8(piece: &[u8]) -> u64 {
    piece
        .first_chunk()
        .map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

#[inline]
fn last_8(piece: &[u8]) -> u64 {
    piece
        .last_chunk()
        .map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

#[inline]
fn first_4(piece: &[u8]) -> u64 {
    piece
        .first_chunk()
        .map_or(0, |bytes| u64::from(u32::from_ne_bytes(*bytes)))
}

#[inline]
fn last_4(piece: &[u8]) -> u64 {
    piece
        .last_chunk()
        .map_or(0, |bytes| u64::from(u32::from_ne_bytes(*bytes)))
}

/// Up to three bytes.
#[inline]
fn up_to_3(piece: &[u8]) -> u64 {
    match piece {
        [] => 0,
        [one] => u64::from(*one),
        [one, other] => u64::from(*one) | u64::from(*other) << 8,
        [one, other, third, ..] => {
            u64::from(*one) | u64::from(*other) << 8 | u64::from(*third) << 16
        }
    }
}

/// True if a packed string holds just these labels, in this order.
#[inline]
pub(super) fn holds(packed: &[u8], labels: &[impl Label]) -> bool {
    let mut rest = packed;
    for label in labels {
        if !take_text(&mut rest, label.name().as_bytes()) || !take_value(&mut rest, label.value()) {
            return false;
        }
    }
    rest.is_empty()
}

/// Compares one value. Inlined for strings; other types cost a call (`tests/instructions`, *counter labels*).
#[inline(always)]
fn take_value(packed: &mut &[u8], value: ValueRef<'_>) -> bool {
    let Some((tag, rest)) = packed.split_first() else {
        return false;
    };
    *packed = rest;
    match value {
        ValueRef::Str(text) => *tag == b's' && take_text(packed, text.as_bytes()),
        value => take(packed, after_value(*tag, rest, value)),
    }
}

/// Compares one string, without a call to `memcmp` for the short ones that labels are made of. As a call it costs a
/// third more of a look-up (`tests/instructions`, *counter labels*).
#[inline(always)]
fn take_text(packed: &mut &[u8], text: &[u8]) -> bool {
    if text.len() >= 0x40 {
        return take(packed, after_long_text(packed, text));
    }
    let Some((length, rest)) = packed.split_first() else {
        return false;
    };
    let Some((known, rest)) = rest.split_at_checked(text.len()) else {
        return false;
    };
    *packed = rest;
    usize::from(*length) == text.len() && is_same(known, text)
}

/// Takes the bytes before `after`, if there is one. Callers pass copies: a reference would put the rest in memory
/// (`tests/instructions`, *counter labels*).
#[inline(always)]
fn take<'p>(packed: &mut &'p [u8], after: Option<&'p [u8]>) -> bool {
    *packed = after.unwrap_or_default();
    after.is_some()
}

#[cold]
fn after_long_text<'p>(packed: &'p [u8], text: &[u8]) -> Option<&'p [u8]> {
    let (known, rest) = split_kept(packed)?;
    (known == text).then_some(rest)
}

/// Compares a value that is no string.
#[inline(never)]
fn after_value<'p>(tag: u8, packed: &'p [u8], value: ValueRef<'_>) -> Option<&'p [u8]> {
    let (known, rest) = split_kept(packed)?;
    let known = std::str::from_utf8(known).ok()?;
    (ValueRef::read(char::from(tag), known) == value).then_some(rest)
}

/// Splits a string of any length from the bytes that follow it.
fn split_kept(packed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = length_of(packed)?;
    packed.get(after..)?.split_at_checked(length)
}

/// True if two slices of one length, below 64, are equal. Up to 16 bytes are compared as words that overlap, without a
/// loop and without a call; the price is a branch per class of lengths (`tests/instructions`, *counter labels*).
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match other.len() {
        8..=16 => first_8(one) == first_8(other) && last_8(one) == last_8(other),
        4..8 => first_4(one) == first_4(other) && last_4(one) == last_4(other),
        0..4 => up_to_3(one) == up_to_3(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn sets_that_differ_by_a_name_have_other_hashes() {
        let seeds = HashSeeds::of_the_process();
        for prefix in ["k", "name_", "http.request.header."] {
            let names: Vec<String> = (0..2000).map(|at| format!("{prefix}{at}")).collect();
            let hash = |name: &String| seeds.hash(seeds.plain(), &[(name.as_str(), "x")]);
            let hashes: HashSet<u64> = names.iter().map(hash).collect();
            assert_eq!(hashes.len(), names.len(), "{prefix}");
        }
    }
}
