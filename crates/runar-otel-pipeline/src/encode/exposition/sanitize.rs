//! Names in the characters that Prometheus allows.

use std::borrow::Cow;

/// Replaces characters outside the legacy set `[a-zA-Z_:][a-zA-Z0-9_:]*` by `_` and collapses runs of `_`.
pub(crate) fn sanitize(name: &str) -> Cow<'_, str> {
    clean(
        name,
        |byte| byte.is_ascii_alphanumeric() || byte == b':',
        "_",
    )
}

/// Like [`sanitize`] for label names, which have no colon.
///
/// A leading digit gets the prefix `key_`, as in Prometheus' own OTLP receiver: label names with a leading `_` are
/// reserved in OpenMetrics.
pub(crate) fn sanitize_label(name: &str) -> Cow<'_, str> {
    clean(name, |byte| byte.is_ascii_alphanumeric(), "key_")
}

/// True for a name of a metric that every Prometheus format takes unchanged.
pub(crate) fn is_metric_name(name: &str) -> bool {
    is_valid(name, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')
    })
}

/// True for a name of a label that every Prometheus format takes unchanged. `__name__` stands for the name of the metric.
pub(crate) fn is_label_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    is_valid(name, allowed) && name != "__name__"
}

fn is_valid(name: &str, allowed: fn(u8) -> bool) -> bool {
    let starts = name.starts_with(|first: char| !first.is_ascii_digit());
    starts && name.bytes().all(allowed)
}

fn clean<'a>(name: &'a str, allowed: fn(u8) -> bool, before_digit: &str) -> Cow<'a, str> {
    if is_clean(name, allowed) {
        return Cow::Borrowed(name);
    }
    let mut cleaned = String::with_capacity(name.len() + before_digit.len());
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        cleaned.push_str(before_digit);
    }
    for character in name.chars() {
        let valid = u8::try_from(character).is_ok_and(|byte| byte.is_ascii() && allowed(byte));
        if valid {
            cleaned.push(character);
        } else if !cleaned.ends_with('_') {
            cleaned.push('_');
        }
    }
    if cleaned.is_empty() {
        cleaned.push('_');
    }
    Cow::Owned(cleaned)
}

fn is_clean(name: &str, allowed: fn(u8) -> bool) -> bool {
    let Some(first) = name.bytes().next() else {
        return false;
    };
    let mut before = b' ';
    !first.is_ascii_digit()
        && name.bytes().all(|byte| {
            let valid = allowed(byte) || (byte == b'_' && before != b'_');
            before = byte;
            valid
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_names_are_known() {
        for name in ["a__b", "__x", "_1", "A"] {
            assert!(is_metric_name(name) && is_label_name(name), "{name}");
        }
        for name in ["", "1a", "a.b", "ö"] {
            assert!(!is_metric_name(name) && !is_label_name(name), "{name}");
        }
        assert!(is_metric_name("ns:rule") && !is_label_name("ns:rule"));
        assert!(!is_label_name("__name__"));
    }

    #[test]
    fn label_names_are_sanitized() {
        assert_eq!(sanitize_label("ns:rule"), "ns_rule");
        assert_eq!(sanitize_label("1st"), "key_1st");
        assert_eq!(sanitize_label("__name__"), "_name_");
        assert_eq!(sanitize_label(""), "_");
    }
}
