//! Attributes in OTLP: the type of a value survives.

use opentelemetry::{Array, KeyValue, Value};

use super::wire::{SMALL, Wire};

/// Writes attributes, in their order.
#[inline]
pub(super) fn list<'a>(
    wire: &mut Wire,
    field: u8,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for attribute in attributes {
        wire.message(field, SMALL, |wire| pair(wire, attribute));
    }
}

/// `KeyValue`
fn pair(wire: &mut Wire, attribute: &KeyValue) {
    wire.text(1, attribute.key.as_str());
    match &attribute.value {
        Value::String(value) => wire.message(2, SMALL, |wire| wire.present_text(1, value.as_str())),
        Value::Bool(value) => {
            wire.message(2, SMALL, |wire| wire.present_integer(2, i64::from(*value)));
        }
        Value::I64(value) => wire.message(2, SMALL, |wire| wire.present_integer(3, *value)),
        Value::F64(value) => wire.message(2, SMALL, |wire| wire.present_double(4, *value)),
        Value::Array(array) => array_value(wire, array),
        // The API's enum may grow; an attribute without a value says that there was one we cannot carry.
        _ => {}
    }
}

/// `AnyValue` with an `ArrayValue`
fn array_value(wire: &mut Wire, array: &Array) {
    match array {
        Array::Bool(values) => elements(wire, values, |wire, value| {
            wire.present_integer(2, i64::from(*value));
        }),
        Array::I64(values) => elements(wire, values, |wire, value| wire.present_integer(3, *value)),
        Array::F64(values) => elements(wire, values, |wire, value| wire.present_double(4, *value)),
        Array::String(values) => elements(wire, values, |wire, value| {
            wire.present_text(1, value.as_str());
        }),
        _ => {}
    }
}

fn elements<T>(wire: &mut Wire, values: &[T], write: impl Fn(&mut Wire, &T)) {
    wire.message(2, SMALL, |wire| {
        wire.message(5, SMALL, |wire| {
            for value in values {
                wire.message(1, SMALL, |wire| write(wire, value));
            }
        });
    });
}
