//! The label set: labels in canonical form, packed into one string.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use opentelemetry::{Key, KeyValue};

use super::{
    length::{read_length, write_length},
    query::Label,
    value::ValueRef,
};

/// A label set in canonical form: sorted by name, each name once. Cheap to clone.
///
/// It is one string, which holds for each label the length of its name, the name, the type of its value, the length of
/// the value and the value. Equal sets are equal strings, so comparing and hashing need not look at the parts.
///
/// # Examples
///
/// ```
/// use opentelemetry::KeyValue;
/// use runar_otel_core::labels::LabelSet;
///
/// let one = LabelSet::of(&[KeyValue::new("b", 1), KeyValue::new("a", "x")]);
/// let other = LabelSet::of(&[KeyValue::new("a", "x"), KeyValue::new("b", 1)]);
/// assert_eq!(one, other);
/// assert_eq!(one, [KeyValue::new("a", "x"), KeyValue::new("b", 1)]);
/// ```
#[derive(Clone)]
pub struct LabelSet(PackedLabels);

/// The number of bytes of a packed set that lie in the set itself: three short labels. A look-up then finds the labels
/// beside the cell, without one more miss of the cache (`benches/record`, *100,000 label sets*).
const INLINE: usize = 46;

/// A packed string. Equal strings are held alike: inline if they fit.
#[derive(Clone)]
enum PackedLabels {
    Inline { length: u8, bytes: [u8; INLINE] },
    Shared(Arc<str>),
}

impl From<String> for PackedLabels {
    fn from(packed: String) -> Self {
        let mut bytes = [0; INLINE];
        match (u8::try_from(packed.len()), bytes.get_mut(..packed.len())) {
            (Ok(length), Some(inline)) => {
                inline.copy_from_slice(packed.as_bytes());
                Self::Inline { length, bytes }
            }
            _ => Self::Shared(packed.into()),
        }
    }
}

impl PackedLabels {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Shared(packed) => packed.as_bytes(),
        }
    }

    #[inline]
    fn text(&self) -> &str {
        match self {
            Self::Inline { .. } => std::str::from_utf8(self.bytes()).unwrap_or_default(),
            Self::Shared(packed) => packed,
        }
    }
}

impl LabelSet {
    /// The empty set.
    #[must_use]
    pub const fn empty() -> Self {
        Self(PackedLabels::Inline {
            length: 0,
            bytes: [0; INLINE],
        })
    }

    /// The empty set, for a reference to it.
    pub(crate) fn none() -> &'static Self {
        static NONE: LabelSet = LabelSet::empty();
        &NONE
    }

    /// Packs labels in the given order; the caller makes sure that it is the canonical one.
    pub(crate) fn pack(labels: &[impl Label]) -> Self {
        Self(pack(labels).into())
    }

    /// The packed bytes.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The names and values, sorted by name.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> LabelIter<'_> {
        LabelIter(self.0.text())
    }

    /// The number of bytes that the packed set takes.
    #[must_use]
    pub fn packed_len(&self) -> usize {
        self.bytes().len()
    }

    /// True if the set has no label.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // A short set is always inline.
        matches!(self.0, PackedLabels::Inline { length: 0, .. })
    }

    /// The value of a label, if the set has the label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ValueRef<'_>> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The labels as key-values of the OpenTelemetry API.
    #[must_use]
    pub fn to_key_values(&self) -> Vec<KeyValue> {
        self.iter()
            .map(|(name, value)| KeyValue::new(Key::from(name.to_owned()), value.to_value()))
            .collect()
    }
}

/// Packs labels into a string, in the given order.
pub(super) fn pack(labels: &[impl Label]) -> String {
    let mut packed = String::new();
    for label in labels {
        let (name, value) = (label.name(), label.value());
        let kept = value.packed();
        write_length(&mut packed, name.len());
        packed.push_str(name);
        packed.push(value.tag());
        write_length(&mut packed, kept.len());
        packed.push_str(&kept);
    }
    packed
}

/// The labels of a set, sorted by name.
#[derive(Clone, Debug)]
pub struct LabelIter<'a>(&'a str);

impl<'a> Iterator for LabelIter<'a> {
    type Item = (&'a str, ValueRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = read_length(self.0)?;
        let (name, rest) = rest.split_at_checked(length)?;
        let (tag, rest) = rest.split_at_checked(1)?;
        let (length, rest) = read_length(rest)?;
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        let value = match tag {
            "s" => ValueRef::Str(value),
            _ => ValueRef::read(tag.chars().next()?, value),
        };
        Some((name, value))
    }
}

impl<'a> IntoIterator for &'a LabelSet {
    type Item = (&'a str, ValueRef<'a>);
    type IntoIter = LabelIter<'a>;

    fn into_iter(self) -> LabelIter<'a> {
        self.iter()
    }
}

impl PartialEq for LabelSet {
    /// The look-ups of a handle compare a set with a clone of it.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (PackedLabels::Shared(one), PackedLabels::Shared(other)) if Arc::ptr_eq(one, other) => {
                true
            }
            _ => self.bytes() == other.bytes(),
        }
    }
}

impl Eq for LabelSet {}

impl Hash for LabelSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl PartialOrd for LabelSet {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LabelSet {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl Default for LabelSet {
    fn default() -> Self {
        Self::empty()
    }
}

impl PartialEq<[KeyValue]> for LabelSet {
    fn eq(&self, other: &[KeyValue]) -> bool {
        let known = other
            .iter()
            .map(|one| (one.key.as_str(), (&one.value).into()));
        self.iter().eq(known)
    }
}

impl<const N: usize> PartialEq<[KeyValue; N]> for LabelSet {
    fn eq(&self, other: &[KeyValue; N]) -> bool {
        *self == other[..]
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}
