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
    fn label_names_are_sanitized() {
        assert_eq!(sanitize_label("ns:rule"), "ns_rule");
        assert_eq!(sanitize_label("1st"), "key_1st");
        assert_eq!(sanitize_label("__name__"), "_name_");
        assert_eq!(sanitize_label(""), "_");
    }
}
