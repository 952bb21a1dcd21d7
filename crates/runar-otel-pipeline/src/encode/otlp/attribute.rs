//! Labels and attributes in OTLP: the type of a value survives.

use runar_otel_core::labels::{ArrayRef, ValueRef};

use super::wire::{SMALL, Wire, field_size};
use crate::encode::pair::Pair;

/// Writes labels or attributes, in their order.
#[inline]
pub(super) fn list<'a>(wire: &mut Wire, field: u8, mut pairs: impl Iterator<Item = Pair<'a>>) {
    // A string is read where it lies. Moving the value first costs more than writing it: the value is moved in other
    // pieces than it was put together from, for which the processor has to wait until its store buffer is empty.
    loop {
        match pairs.next() {
            Some((name, ValueRef::Str(value))) => text(wire, field, name, value),
            Some((name, value)) => typed(wire, field, name, value),
            None => return,
        }
    }
}

/// Writes a `KeyValue` with a string, whose lengths are known beforehand.
#[inline]
fn text(wire: &mut Wire, field: u8, name: &str, value: &str) {
    let any_value = field_size(value.len());
    let key = if name.is_empty() {
        0
    } else {
        field_size(name.len())
    };
    wire.begin(field, key + field_size(any_value));
    wire.text(1, name);
    wire.begin(2, any_value);
    wire.present_text(1, value);
}

fn typed(wire: &mut Wire, field: u8, name: &str, value: ValueRef<'_>) {
    wire.message(field, SMALL, |wire| {
        wire.text(1, name);
        wire.message(2, SMALL, |wire| any_value(wire, value));
    });
}

/// Writes the content of an `AnyValue`, empty for an unknown type.
fn any_value(wire: &mut Wire, value: ValueRef<'_>) {
    match value {
        ValueRef::Str(value) => wire.present_text(1, value),
        ValueRef::Bool(value) => wire.present_integer(2, i64::from(value)),
        ValueRef::I64(value) => wire.present_integer(3, value),
        ValueRef::F64(value) => wire.present_double(4, value),
        ValueRef::Array(array) => array_value(wire, array),
        // The API's types may grow; an attribute without a value says that there was one we cannot carry.
        _ => {}
    }
}

/// Writes an `ArrayValue`, field 5 of its `AnyValue`.
fn array_value(wire: &mut Wire, array: ArrayRef<'_>) {
    wire.message(5, SMALL, |wire| {
        for element in array.iter() {
            wire.message(1, SMALL, |wire| any_value(wire, element));
        }
    });
}
