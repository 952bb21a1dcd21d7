//! The catalogue as JSON.

use std::fmt::{self, Write};

use super::{
    files::files,
    kind,
    list::{Catalogue, Entry},
};

impl Catalogue {
    /// Returns the catalogue as JSON: `{"metrics": [{"name", "kind", "unit", "description", "labels", "buckets",
    /// "files"}]}`, sorted by name. The same program gives the same string.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = String::from("{\n  \"metrics\": [");
        for (index, entry) in self.entries().iter().enumerate() {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            // Writing to a string does not fail.
            let _ = object(entry, &mut text);
        }
        text.push_str("\n  ]\n}\n");
        text
    }
}

fn object(entry: &Entry, out: &mut String) -> fmt::Result {
    out.write_str("    {")?;
    for (key, value) in [
        ("name", &*entry.name),
        ("kind", kind::word(entry.kind)),
        ("unit", &*entry.unit),
        ("description", &*entry.description),
    ] {
        write!(out, "\"{key}\": ")?;
        string(value, out)?;
        out.write_str(", ")?;
    }
    out.write_str("\"labels\": ")?;
    strings(&entry.labels, out)?;
    out.write_str(", \"buckets\": ")?;
    match &entry.buckets {
        Some(bounds) => numbers(bounds, out)?,
        None => out.write_str("null")?,
    }
    out.write_str(", \"files\": ")?;
    strings(&files(entry), out)?;
    out.write_char('}')
}

fn strings<T: AsRef<str>>(values: &[T], out: &mut String) -> fmt::Result {
    out.write_char('[')?;
    for (index, value) in values.iter().enumerate() {
        out.write_str(if index == 0 { "" } else { ", " })?;
        string(value.as_ref(), out)?;
    }
    out.write_char(']')
}

/// JSON has no infinity: a bound that is not finite is left out.
fn numbers(values: &[f64], out: &mut String) -> fmt::Result {
    out.write_char('[')?;
    let finite = values.iter().filter(|value| value.is_finite());
    for (index, value) in finite.enumerate() {
        let before = if index == 0 { "" } else { ", " };
        write!(out, "{before}{value}")?;
    }
    out.write_char(']')
}

/// RFC 8259, section 7: quotation mark, reverse solidus and control characters are escaped.
fn string(value: &str, out: &mut String) -> fmt::Result {
    out.write_char('"')?;
    for character in value.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            '\n' => out.write_str("\\n")?,
            control if control.is_control() && control.is_ascii() => {
                write!(out, "\\u{:04x}", u32::from(control))?;
            }
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_is_valid_json(text in ".*") {
            let mut written = String::new();
            string(&text, &mut written).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }

        #[test]
        fn every_bound_is_valid_json(bounds: Vec<f64>) {
            let mut written = String::new();
            numbers(&bounds, &mut written).unwrap();
            let read: Vec<f64> = serde_json::from_str(&written).unwrap();
            let finite: Vec<f64> = bounds.into_iter().filter(|bound| bound.is_finite()).collect();
            prop_assert_eq!(read.len(), finite.len());
            for (one, other) in read.iter().zip(&finite) {
                // Below the normal numbers the reader of the test rounds.
                let rounding = f64::MIN_POSITIVE.max(other.abs() * 1e-15);
                prop_assert!((one - other).abs() <= rounding);
            }
        }
    }
}
