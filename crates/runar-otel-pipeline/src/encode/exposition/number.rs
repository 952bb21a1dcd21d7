//! Numbers as the Prometheus formats write them, and the escaping of texts.

use std::{
    fmt::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use super::format::Dialect;
use crate::snapshot::Number;

/// Writes a float the way Go's `%g` does: shortest round trip, exponents from 1e-5 down and from 1e+6 up.
///
/// Label values such as `le` are compared as text, so every writer has to write them alike (OpenMetrics, *Canonical
/// Numbers*). OpenMetrics adds `.0` to a float that would read as an integer.
pub(crate) fn write_float(out: &mut String, value: f64, dialect: Dialect) {
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        return;
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        write_exponent(out, value);
        return;
    }
    let mut buffer = ryu::Buffer::new();
    // In this range without an exponent, and with a point.
    let written = buffer.format_finite(value);
    out.push_str(match dialect {
        Dialect::OpenMetrics => written,
        Dialect::Text => written.strip_suffix(".0").unwrap_or(written),
    });
}

/// Writes a value in the type it was recorded in: integers exactly, without a point.
pub(crate) fn write_number(out: &mut String, value: Number, dialect: Dialect) {
    match value {
        Number::U64(value) => write_integer(out, value),
        Number::I64(value) => out.push_str(itoa::Buffer::new().format(value)),
        Number::F64(value) => write_float(out, value, dialect),
    }
}

/// Writes a count.
pub(crate) fn write_integer(out: &mut String, value: u64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Writes a time in seconds, to the millisecond that Prometheus keeps.
pub(crate) fn write_seconds(out: &mut String, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(out, "{}.{:03}", since.as_secs(), since.subsec_millis());
}

/// The treatment of double quotes where line feeds and backslashes are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// Double quotes get a backslash.
    Escaped,
    /// Double quotes stay: `HELP` of the text format.
    Plain,
}

/// Writes a string with line feeds, backslashes and, if `quotes` says so, double quotes escaped.
#[inline]
pub(crate) fn write_escaped(out: &mut String, text: &str, quotes: Quotes) {
    // Looks at all bytes, because that is faster than to stop at the first one.
    let special = text
        .bytes()
        .fold(false, |special, byte| special | needs_escape(byte, quotes));
    if special {
        escape(out, text, quotes);
    } else {
        out.push_str(text);
    }
}

#[cold]
fn escape(out: &mut String, text: &str, quotes: Quotes) {
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\"),
            '"' if quotes == Quotes::Escaped => out.push_str("\\\""),
            plain => out.push(plain),
        }
    }
}

#[inline]
fn needs_escape(byte: u8, quotes: Quotes) -> bool {
    let quote = quotes == Quotes::Escaped;
    (byte == b'\\') | (byte == b'\n') | ((byte == b'"') & quote)
}

fn write_exponent(out: &mut String, value: f64) {
    let start = out.len();
    let _ = write!(out, "{value:e}");
    let Some(at) = out.get(start..).and_then(|written| written.find('e')) else {
        return;
    };
    // Rust writes `1e6` and `1e-7`, Go `1e+06` and `1e-07`.
    let exponent = out.split_off(start + at + 1);
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent.as_str()),
    };
    let _ = write!(out, "{sign}{digits:0>2}");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn float(value: f64, dialect: Dialect) -> String {
        let mut out = String::new();
        write_float(&mut out, value, dialect);
        out
    }

    #[test]
    fn openmetrics_floats_are_canonical() {
        let canonical = [
            "0.0", "0.001", "0.01", "0.1", "0.9", "0.999", "1.0", "1.7", "10.0", "1e-10", "1e-09",
            "1e-05", "0.0001", "100000.0", "1e+06", "1e+10", "1e+23", "1.1e+23", "+Inf", "-Inf",
            "NaN",
        ];
        for text in canonical {
            assert_eq!(float(text.parse().unwrap(), Dialect::OpenMetrics), text);
        }
    }

    proptest! {
        #[test]
        fn floats_are_the_shortest_that_read_back(value in 1e-4..1e6_f64) {
            prop_assert_eq!(float(value, Dialect::Text), value.to_string());
            prop_assert_eq!(float(-value, Dialect::OpenMetrics), format!("{:?}", -value));
        }
    }

    #[test]
    fn text_floats_need_no_point() {
        assert_eq!(float(1.0, Dialect::Text), "1");
        assert_eq!(float(0.25, Dialect::Text), "0.25");
        assert_eq!(float(1_234_567.0, Dialect::Text), "1.234567e+06");
        assert_eq!(float(-2.5e-7, Dialect::Text), "-2.5e-07");
    }

    #[test]
    fn integers_stay_exact() {
        let mut out = String::new();
        write_number(&mut out, Number::U64(u64::MAX), Dialect::OpenMetrics);
        assert_eq!(out, "18446744073709551615");
    }

    #[test]
    fn times_are_in_seconds() {
        let mut out = String::new();
        write_seconds(
            &mut out,
            UNIX_EPOCH + Duration::from_millis(1_520_879_607_089),
        );
        assert_eq!(out, "1520879607.089");
    }

    #[test]
    fn escaping_follows_the_place() {
        let mut out = String::new();
        write_escaped(&mut out, "a\"b\\c\nd", Quotes::Escaped);
        assert_eq!(out, r#"a\"b\\c\nd"#);
        out.clear();
        write_escaped(&mut out, "a\"b\\c\nd", Quotes::Plain);
        assert_eq!(out, r#"a"b\\c\nd"#);
    }
}
