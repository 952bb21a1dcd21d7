//! Attributes in OTLP: the type of a value survives.

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_proto::tonic::common::v1::{self as proto, any_value};

/// Converts attributes, in their order.
pub(super) fn list(attributes: &[KeyValue]) -> Vec<proto::KeyValue> {
    attributes.iter().map(pair).collect()
}

/// Converts one attribute.
pub(super) fn pair(attribute: &KeyValue) -> proto::KeyValue {
    proto::KeyValue {
        key: attribute.key.as_str().to_owned(),
        value: any(&attribute.value),
        ..Default::default()
    }
}

fn any(value: &Value) -> Option<proto::AnyValue> {
    let value = match value {
        Value::Bool(value) => any_value::Value::BoolValue(*value),
        Value::I64(value) => any_value::Value::IntValue(*value),
        Value::F64(value) => any_value::Value::DoubleValue(*value),
        Value::String(value) => any_value::Value::StringValue(value.as_str().to_owned()),
        Value::Array(array) => any_value::Value::ArrayValue(elements(array)?),
        // The API's enum may grow; an attribute without a value says that there was one we cannot carry.
        _ => return None,
    };
    Some(proto::AnyValue { value: Some(value) })
}

fn elements(array: &Array) -> Option<proto::ArrayValue> {
    let values = match array {
        Array::Bool(values) => each(values, |value| any_value::Value::BoolValue(*value)),
        Array::I64(values) => each(values, |value| any_value::Value::IntValue(*value)),
        Array::F64(values) => each(values, |value| any_value::Value::DoubleValue(*value)),
        Array::String(values) => each(values, |value| {
            any_value::Value::StringValue(value.as_str().to_owned())
        }),
        _ => return None,
    };
    Some(proto::ArrayValue { values })
}

fn each<T>(values: &[T], convert: impl Fn(&T) -> any_value::Value) -> Vec<proto::AnyValue> {
    values
        .iter()
        .map(|value| proto::AnyValue {
            value: Some(convert(value)),
        })
        .collect()
}
