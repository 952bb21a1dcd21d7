//! Attribute values as text, for formats that know nothing else.

use std::{borrow::Cow, fmt::Write};

use opentelemetry::{Array, Value};

use super::{Dialect, number::write_float};

/// Gives the text of a value.
///
/// OpenTelemetry specification, common: *AnyValue representation for non-OTLP protocols*. Strings stay as they are,
/// everything else is JSON.
pub(crate) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(value) => Cow::Borrowed(value.as_str()),
        Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Value::I64(value) => Cow::Owned(value.to_string()),
        Value::F64(value) => Cow::Owned(real(*value)),
        Value::Array(array) => Cow::Owned(list(array)),
        // The API's enum may grow; its own rendering is the best we have then.
        other => Cow::Owned(other.to_string()),
    }
}

fn list(array: &Array) -> String {
    match array {
        Array::Bool(values) => join(values, |out, value| {
            out.push_str(if *value { "true" } else { "false" });
        }),
        Array::I64(values) => join(values, |out, value| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{value}");
        }),
        Array::F64(values) => join(values, |out, value| {
            if value.is_finite() {
                out.push_str(&real(*value));
            } else {
                quote(out, &real(*value));
            }
        }),
        Array::String(values) => join(values, |out, value| quote(out, value.as_str())),
        other => other.to_string(),
    }
}

fn join<T>(values: &[T], write: impl Fn(&mut String, &T)) -> String {
    let mut out = String::from("[");
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(&mut out, value);
    }
    out.push(']');
    out
}

fn real(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let mut out = String::new();
    write_float(&mut out, value, Dialect::Text);
    out
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use opentelemetry::StringValue;

    use super::*;

    #[test]
    fn scalars_are_json_and_strings_plain() {
        assert_eq!(text_of(&"a \"b\"".into()), "a \"b\"");
        assert_eq!(text_of(&true.into()), "true");
        assert_eq!(text_of(&(-3).into()), "-3");
        assert_eq!(text_of(&0.25.into()), "0.25");
        assert_eq!(text_of(&f64::NEG_INFINITY.into()), "-Infinity");
        assert_eq!(text_of(&f64::NAN.into()), "NaN");
    }

    #[test]
    fn arrays_are_json() {
        let strings: Vec<StringValue> = vec!["a\"\n".into(), "b\u{1}".into()];
        assert_eq!(
            text_of(&Value::Array(strings.into())),
            r#"["a\"\n","b\u0001"]"#
        );
        let floats = Value::Array(vec![1.5, f64::INFINITY].into());
        assert_eq!(text_of(&floats), r#"[1.5,"Infinity"]"#);
        assert_eq!(text_of(&Value::Array(vec![1_i64, 2].into())), "[1,2]");
        assert_eq!(text_of(&Value::Array(vec![true].into())), "[true]");
    }
}
