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

/// Hides the user name, the password and the query of an endpoint, which may be secret.
#[must_use]
pub fn redacted(endpoint: &str) -> String {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, "?***"),
        None => (rest, ""),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => ("***@", rest),
        None => ("", rest),
    };
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{user}{rest}{query}")
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
            ("c:4317?key=u@hunter2", "c:4317?***"),
        ] {
            assert_eq!(redacted(endpoint), shown);
        }
    }
}
