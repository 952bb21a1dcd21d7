//! Values of labels, borrowed.

use std::borrow::Cow;

use opentelemetry::{Array, StringValue, Value};

use super::length::{read_length, write_length};

/// The value of a label, borrowed from a label set or from the caller.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// A string of any length.
    Str(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// A double; two doubles are equal if their bits are.
    F64(f64),
    /// An array whose elements have one type.
    Array(ArrayRef<'a>),
}

/// An array of values of one type.
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef<'a>(ArrayElements<'a>);

#[derive(Clone, Copy, Debug)]
enum ArrayElements<'a> {
    /// An array of the OpenTelemetry API.
    Borrowed(&'a Array),
    /// An array kept in a label set: the tag of the type, and the elements.
    Packed(char, &'a str),
}

/// Tags of the types in a packed label set. An array has the upper-case tag of its elements.
const STRING: char = 's';
const BOOL: char = 'b';
const INTEGER: char = 'i';
const DOUBLE: char = 'f';

impl<'a> From<&'a Value> for ValueRef<'a> {
    #[inline]
    fn from(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Str(text.as_str()),
            Value::Bool(value) => Self::Bool(*value),
            Value::I64(value) => Self::I64(*value),
            Value::F64(value) => Self::F64(*value),
            Value::Array(array) => Self::Array(ArrayRef(ArrayElements::Borrowed(array))),
            // The API may get more types one day; their strings keep them distinct.
            _ => Self::Str(""),
        }
    }
}

impl<'a> ValueRef<'a> {
    /// Reads a value as [`tag`](Self::tag) and [`packed`](Self::packed) wrote it.
    pub(super) fn read(tag: char, packed: &'a str) -> Self {
        match tag {
            BOOL => Self::Bool(packed == "true"),
            INTEGER => Self::I64(packed.parse().unwrap_or(0)),
            DOUBLE => Self::F64(double(packed)),
            'A'..='Z' => Self::Array(ArrayRef(ArrayElements::Packed(
                tag.to_ascii_lowercase(),
                packed,
            ))),
            _ => Self::Str(packed),
        }
    }

    pub(super) fn tag(self) -> char {
        match self {
            Self::Str(_) => STRING,
            Self::Bool(_) => BOOL,
            Self::I64(_) => INTEGER,
            Self::F64(_) => DOUBLE,
            Self::Array(array) => array.element_tag().to_ascii_uppercase(),
        }
    }

    /// The form in which a label set keeps the value: exact, and the same for equal values.
    pub(crate) fn packed(self) -> Cow<'a, str> {
        match self {
            Self::Str(text) => Cow::Borrowed(text),
            Self::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::I64(value) => Cow::Owned(value.to_string()),
            Self::F64(value) => Cow::Owned(format!("{:016x}", value.to_bits())),
            Self::Array(array) => Cow::Owned(array.packed()),
        }
    }

    /// Converts to a value of the OpenTelemetry API.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Str(text) => Value::String(text.to_owned().into()),
            Self::Bool(value) => Value::Bool(value),
            Self::I64(value) => Value::I64(value),
            Self::F64(value) => Value::F64(value),
            Self::Array(array) => Value::Array(array.to_array()),
        }
    }
}

/// Strings, bools and integers are equal as such; doubles by their bits, so that a set with `NaN` is equal to itself.
impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(one), Self::Str(other)) => one == other,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::I64(one), Self::I64(other)) => one == other,
            (Self::F64(one), Self::F64(other)) => one.to_bits() == other.to_bits(),
            (Self::Array(one), Self::Array(other)) => {
                one.element_tag() == other.element_tag() && one.iter().eq(other.iter())
            }
            _ => false,
        }
    }
}

fn double(packed: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(packed, 16).unwrap_or(0))
}

impl<'a> ArrayRef<'a> {
    /// The elements, in order; all of one type.
    #[must_use]
    pub fn iter(self) -> ArrayIter<'a> {
        ArrayIter {
            elements: self.0,
            at: 0,
        }
    }

    fn element_tag(self) -> char {
        match self.0 {
            ArrayElements::Packed(tag, _) => tag,
            ArrayElements::Borrowed(Array::Bool(_)) => BOOL,
            ArrayElements::Borrowed(Array::I64(_)) => INTEGER,
            ArrayElements::Borrowed(Array::F64(_)) => DOUBLE,
            ArrayElements::Borrowed(_) => STRING,
        }
    }

    fn packed(self) -> String {
        let mut packed = String::new();
        for element in self.iter() {
            let element = element.packed();
            write_length(&mut packed, element.len());
            packed.push_str(&element);
        }
        packed
    }

    fn to_array(self) -> Array {
        let strings = || {
            let strings = self.iter().map(|element| match element {
                ValueRef::Str(text) => StringValue::from(text.to_owned()),
                _ => StringValue::from(""),
            });
            Array::String(strings.collect())
        };
        match self.element_tag() {
            BOOL => Array::Bool(self.iter().map(|one| one == ValueRef::Bool(true)).collect()),
            INTEGER => Array::I64(self.iter().filter_map(integer).collect()),
            DOUBLE => Array::F64(self.iter().filter_map(real).collect()),
            _ => strings(),
        }
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::I64(value) => Some(value),
        _ => None,
    }
}

fn real(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::F64(value) => Some(value),
        _ => None,
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct ArrayIter<'a> {
    elements: ArrayElements<'a>,
    at: usize,
}

impl<'a> Iterator for ArrayIter<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        match &mut self.elements {
            ArrayElements::Borrowed(array) => {
                let at = self.at;
                self.at += 1;
                Some(match array {
                    Array::Bool(all) => ValueRef::Bool(*all.get(at)?),
                    Array::I64(all) => ValueRef::I64(*all.get(at)?),
                    Array::F64(all) => ValueRef::F64(*all.get(at)?),
                    Array::String(all) => ValueRef::Str(all.get(at)?.as_str()),
                    _ => return None,
                })
            }
            ArrayElements::Packed(tag, rest) => {
                let (length, after) = read_length(rest)?;
                let (element, after) = after.split_at_checked(length)?;
                *rest = after;
                Some(ValueRef::read(*tag, element))
            }
        }
    }
}
