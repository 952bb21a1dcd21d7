//! Attribute values as text, for formats that know nothing else.

use std::{borrow::Cow, fmt::Write};

use runar_otel_core::labels::{ArrayRef, ValueRef};

use super::{format::Dialect, number::write_float};

/// Returns the text of a value.
///
/// OpenTelemetry specification, common: *AnyValue representation for non-OTLP protocols*. Strings stay as they are,
/// everything else is JSON.
#[inline]
pub(crate) fn text_of(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::Str(value) => Cow::Borrowed(value),
        ValueRef::Bool(value) => Cow::Borrowed(bool_text(value)),
        ValueRef::I64(value) => Cow::Owned(value.to_string()),
        ValueRef::F64(value) => Cow::Owned(real(value)),
        ValueRef::Array(array) => Cow::Owned(list(array)),
        // The API's types may grow; its own rendering is the best we have then.
        other => Cow::Owned(other.to_value().to_string()),
    }
}

fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn list(array: ArrayRef<'_>) -> String {
    let mut out = String::from("[");
    for (at, element) in array.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match element {
            ValueRef::Str(text) => quote(&mut out, text),
            ValueRef::F64(value) if !value.is_finite() => quote(&mut out, &real(value)),
            other => out.push_str(&text_of(other)),
        }
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
    use opentelemetry::{KeyValue, StringValue, Value};
    use runar_otel_core::labels::LabelSet;

    /// The text of a value as it is given, which must be that of the value as a label set keeps it.
    fn text_of(value: &Value) -> String {
        let given = super::text_of(value.into()).into_owned();
        let set = LabelSet::from([KeyValue::new("a", value.clone())]);
        let kept = set.get("a").map(super::text_of);
        assert_eq!(kept.as_deref(), Some(given.as_str()));
        given
    }

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
