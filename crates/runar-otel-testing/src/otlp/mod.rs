//! Series and spans from OTLP messages.

mod point;
mod span;
mod state;

pub use self::span::FinishedSpan;
#[cfg(feature = "receiver")]
pub(crate) use self::span::of_span;
pub(crate) use self::{span::finished, state::State};

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};

use crate::series::Labels;

/// Converts attributes to labels, values as text.
pub(crate) fn labels(attributes: &[KeyValue]) -> Labels {
    let pairs = attributes
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref())));
    pairs.collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::BoolValue(value)) => value.to_string(),
        Some(any_value::Value::IntValue(value)) => value.to_string(),
        Some(any_value::Value::DoubleValue(value)) => value.to_string(),
        Some(any_value::Value::ArrayValue(list)) => {
            let items: Vec<String> = list.values.iter().map(|item| text(Some(item))).collect();
            items.join(",")
        }
        Some(other) => format!("{other:?}"),
    }
}

/// Writes an id in hexadecimal.
fn hex(id: &[u8]) -> String {
    use std::fmt::Write;

    let mut text = String::with_capacity(id.len() * 2);
    for byte in id {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
