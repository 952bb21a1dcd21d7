//! Labels and attributes in OTLP: the type of a value survives.

use runar_otel_core::labels::{ArrayRef, ValueRef};

use super::{
    field,
    wire::{SMALL, Wire, field_size},
};
use crate::encode::pair::Pair;

/// Writes labels or attributes, in their order.
#[inline]
pub(super) fn write_list<'a>(
    wire: &mut Wire,
    number: u8,
    mut pairs: impl Iterator<Item = Pair<'a>>,
) {
    // A string is taken where it lies. To move the value first costs more than to write it: it is moved in other pieces than
    // it was put together from, for which the processor has to wait until its store buffer is empty.
    loop {
        match pairs.next() {
            Some((name, ValueRef::Str(value))) => write_text(wire, number, name, value),
            Some((name, value)) => write_typed(wire, number, name, value),
            None => return,
        }
    }
}

/// Writes a `KeyValue` with a string, whose lengths are known beforehand.
#[inline]
fn write_text(wire: &mut Wire, number: u8, name: &str, value: &str) {
    let any_value = field_size(value.len());
    let key = if name.is_empty() {
        0
    } else {
        field_size(name.len())
    };
    wire.begin(number, key + field_size(any_value));
    wire.text(field::key_value::KEY, name);
    wire.begin(field::key_value::VALUE, any_value);
    wire.present_text(field::any_value::STRING, value);
}

fn write_typed(wire: &mut Wire, number: u8, name: &str, value: ValueRef<'_>) {
    wire.message(number, SMALL, |wire| {
        wire.text(field::key_value::KEY, name);
        wire.message(field::key_value::VALUE, SMALL, |wire| {
            write_any_value(wire, value);
        });
    });
}

/// Writes the content of an `AnyValue`, empty for an unknown type.
fn write_any_value(wire: &mut Wire, value: ValueRef<'_>) {
    match value {
        ValueRef::Str(value) => wire.present_text(field::any_value::STRING, value),
        ValueRef::Bool(value) => wire.present_integer(field::any_value::BOOL, i64::from(value)),
        ValueRef::I64(value) => wire.present_integer(field::any_value::INT, value),
        ValueRef::F64(value) => wire.present_double(field::any_value::DOUBLE, value),
        ValueRef::Array(array) => write_array_value(wire, array),
        // The API's types may grow; an attribute without a value says that there was one we cannot carry.
        _ => {}
    }
}

/// Writes an `ArrayValue`, field 5 of its `AnyValue`.
fn write_array_value(wire: &mut Wire, array: ArrayRef<'_>) {
    wire.message(field::any_value::ARRAY, SMALL, |wire| {
        for element in array.iter() {
            wire.message(field::array_value::VALUES, SMALL, |wire| {
                write_any_value(wire, element);
            });
        }
    });
}
