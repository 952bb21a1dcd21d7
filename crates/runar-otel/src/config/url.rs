//! A URL that may hold a secret.

use std::fmt;

use runar_otel_pipeline::settings::redacted;

/// A URL whose `Debug` hides user name, password and query.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url(String);

impl Url {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Hands out the URL, to be used and never to be logged.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the URL without user name, password and query.
    pub(crate) fn redacted(&self) -> String {
        redacted(&self.0)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.redacted(), f)
    }
}
