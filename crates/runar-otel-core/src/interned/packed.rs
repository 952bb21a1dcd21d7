//! Packed labels: what is hashed and compared is read once, in words.

use std::hash::Hasher;

use crate::handle::Labels;

/// How many words lie beside their hash: a look at a label set then leads nowhere else.
const WORDS: usize = 8;

/// The longest piece, name or value, that words are made of.
const LONGEST: usize = 16;

/// The names and values of some labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packed {
    /// First how many labels there are and how long the pieces are, then the pieces, one or two words each.
    Words([u64; WORDS]),
    /// Each piece with its length before it.
    Bytes(Box<[u8]>),
}

/// Labels on their way to be looked up. The words are written where they are read: to move them would be to wait for
/// them.
pub(super) struct Given<'a> {
    labels: Labels<'a>,
    /// As in [`Packed::Words`].
    words: [u64; WORDS],
    /// Whether the words are complete: not if there are many labels, or long ones.
    fits: bool,
}

impl<'a> Given<'a> {
    /// Not looked at yet, see [`read`](Self::read).
    #[inline]
    pub(super) fn new(labels: Labels<'a>) -> Self {
        Self {
            labels,
            words: [0; WORDS],
            fits: false,
        }
    }

    #[inline]
    pub(super) fn read(&mut self) {
        self.fits = write_words(self.labels, &mut self.words).is_some();
    }

    #[inline]
    pub(super) fn hash(&self, hasher: &mut impl Hasher) {
        if self.fits {
            self.words.iter().for_each(|word| hasher.write_u64(*word));
        } else {
            hash_labels(self.labels, hasher);
        }
    }

    pub(super) fn pack(&self) -> Packed {
        if self.fits {
            Packed::Words(self.words)
        } else {
            Packed::Bytes(bytes(self.labels))
        }
    }
}

impl Packed {
    /// Whether these are the labels.
    #[inline]
    pub(super) fn is(&self, given: &Given<'_>) -> bool {
        match self {
            // One by one: to read several of them at once would be to wait for those that were just written.
            Self::Words(known) if given.fits => {
                let mut pairs = known.iter().zip(&given.words);
                pairs.all(|(known, given)| known == given)
            }
            Self::Bytes(known) if !given.fits => is_bytes(known, given.labels),
            _ => false,
        }
    }
}

/// `None` if these are too many labels, or too long ones.
#[inline]
fn write_words(labels: Labels<'_>, words: &mut [u64; WORDS]) -> Option<()> {
    // The lengths of 12 pieces, 5 bits each, beside 4 bits for the number of labels.
    if labels.len() > 6 {
        return None;
    }
    let mut at = 1;
    let mut lengths = labels.len() as u64;
    for (name, value) in labels {
        for piece in [name.as_bytes(), value.as_bytes()] {
            lengths = lengths << 5 | piece.len() as u64;
            if piece.len() > 8 {
                *words.get_mut(at + 1)? = second_word(piece)?;
            }
            *words.get_mut(at)? = first_word(piece)?;
            at += 1 + usize::from(piece.len() > 8);
        }
    }
    *words.first_mut()? = lengths;
    Some(())
}

/// All bytes of up to eight, whose number is known, or the first eight.
#[inline]
fn first_word(piece: &[u8]) -> Option<u64> {
    Some(match piece.len() {
        0 => 0,
        1..4 => {
            let middle = u64::from(*piece.get(piece.len() / 2)?);
            u64::from(*piece.first()?) | middle << 8 | u64::from(*piece.last()?) << 16
        }
        4..8 => {
            let (first, last) = (piece.first_chunk()?, piece.last_chunk()?);
            u64::from(u32::from_ne_bytes(*first)) | u64::from(u32::from_ne_bytes(*last)) << 32
        }
        8.. => u64::from_ne_bytes(*piece.first_chunk()?),
    })
}

/// The last eight bytes of up to sixteen.
#[inline]
fn second_word(piece: &[u8]) -> Option<u64> {
    let fits = piece.len() <= LONGEST;
    fits.then(|| piece.last_chunk())
        .flatten()
        .map(|last| u64::from_ne_bytes(*last))
}

fn hash_labels(labels: Labels<'_>, hasher: &mut impl Hasher) {
    for (name, value) in labels {
        for piece in [name, value] {
            hasher.write_usize(piece.len());
            hasher.write(piece.as_bytes());
        }
    }
}

fn bytes(labels: Labels<'_>) -> Box<[u8]> {
    let mut bytes = Vec::new();
    for (name, value) in labels {
        for piece in [name, value] {
            bytes.extend(piece.len().to_ne_bytes());
            bytes.extend(piece.as_bytes());
        }
    }
    bytes.into()
}

fn is_bytes(known: &[u8], labels: Labels<'_>) -> bool {
    let mut rest = known;
    for (name, value) in labels {
        for piece in [name, value] {
            let length = piece.len().to_ne_bytes();
            let after = rest.strip_prefix(&length);
            match after.and_then(|text| text.strip_prefix(piece.as_bytes())) {
                Some(text) => rest = text,
                None => return false,
            }
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(labels: Labels<'_>) -> Given<'_> {
        let mut given = Given::new(labels);
        given.read();
        given
    }

    fn is(known: Labels<'_>, given: Labels<'_>) -> bool {
        read(known).pack().is(&read(given))
    }

    #[test]
    fn labels_as_they_are_used_are_words() {
        let labels = [
            ("method", "GET"),
            ("route", "/orders/{id}"),
            ("status", "200"),
        ];
        assert!(read(&labels).fits);
    }

    #[test]
    fn where_one_piece_ends_is_part_of_it() {
        let labels = [("ab", "c"), ("d", "")];
        assert!(is(&labels, &labels));
        for other in [
            &[("a", "bc"), ("d", "")][..],
            &[("ab", "c"), ("", "d")],
            &[("ab", "c")],
            &[("ab", "c"), ("d", ""), ("", "")],
            &[("d", ""), ("ab", "c")],
        ] {
            assert!(!is(&labels, other) && !is(other, &labels), "{other:?}");
        }
    }

    /// Few characters, so that labels are equal or nearly so.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![4 => "[ab]{0,3}", 2 => "[ab]{4,9}", 1 => "a{10,17}", 1 => "[ab]{15,40}"]
    }

    fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
        prop::collection::vec((piece(), piece()), 0..8)
    }

    fn borrowed<'a>(labels: &'a [(String, String)]) -> Vec<(&'a str, &'a str)> {
        let pair = |label: &'a (String, String)| (label.0.as_str(), label.1.as_str());
        labels.iter().map(pair).collect()
    }

    proptest! {
        #[test]
        fn labels_are_equal_if_all_pieces_are(known in labels(), given in labels()) {
            prop_assert!(is(&borrowed(&known), &borrowed(&known)));
            prop_assert_eq!(is(&borrowed(&known), &borrowed(&given)), known == given);
        }

        #[test]
        fn one_character_makes_a_difference(
            known in labels(), at in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(),
        ) {
            let mut changed = known.clone();
            if !known.is_empty() {
                let value = &mut changed[at.index(known.len())].1;
                if !value.is_empty() {
                    let mut characters: Vec<char> = value.chars().collect();
                    let place = place.index(characters.len());
                    characters[place] = 'c';
                    *value = characters.into_iter().collect();
                    prop_assert!(!is(&borrowed(&known), &borrowed(&changed)));
                }
            }
        }
    }
}
