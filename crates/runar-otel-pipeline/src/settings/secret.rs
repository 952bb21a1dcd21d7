//! Values that no log may show.

use std::fmt;

/// A string whose `Debug` prints `***`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a string.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Hands out the string, to be sent and never to be logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Hides the user name, the password, the query and the fragment of an endpoint, which may be secret. Of a text that
/// can be read in several ways, only the certainly public part is left.
#[must_use]
pub fn redacted(endpoint: &str) -> String {
    let (scheme, rest) = match endpoint.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", endpoint),
    };
    let separator = if scheme.is_empty() { "" } else { "://" };
    let scheme = if is_scheme(scheme) { scheme } else { "***" };
    let (place, end) = match rest.find(['?', '#']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    // Behind a `?` an `@` may end a password with a `?` in it.
    if end.contains('@') {
        return format!("{scheme}{separator}***");
    }
    let (user, place) = match place.rsplit_once('@') {
        Some((_, place)) => ("***@", place),
        None => ("", place),
    };
    let end = match end.chars().next() {
        Some(mark) => format!("{mark}***"),
        None => String::new(),
    };
    format!("{scheme}{separator}{user}{place}{end}")
}

/// True for the characters of a scheme (RFC 3986, 3.1), and for no scheme.
fn is_scheme(text: &str) -> bool {
    let may_be_there = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.bytes().all(may_be_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_shows_neither_user_nor_query() {
        for (endpoint, shown) in [
            ("http://u:p@c:1", "http://***@c:1"),
            ("https://c/v1?key=hunter2", "https://c/v1?***"),
            ("u:p@c", "***@c"),
            ("c:4317?key=hunter2", "c:4317?***"),
            ("c:4317?key=u@hunter2", "***"),
            ("http://u:hunt?er2@c", "http://***"),
            ("http://c/#hunter2", "http://c/#***"),
            ("u:p@c,http://d", "***://d"),
        ] {
            assert_eq!(redacted(endpoint), shown);
        }
    }
}
