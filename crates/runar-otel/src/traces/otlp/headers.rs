//! The configured headers of export requests.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Header;

/// Puts headers over those that are there.
pub(super) fn put(headers: &mut HeaderMap, added: &HeaderMap) {
    for (name, value) in added {
        headers.insert(name.clone(), value.clone());
    }
}

/// Converts headers, whose names and values the configuration has checked already.
pub(super) fn header_map(headers: &[Header]) -> HeaderMap {
    let pairs = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    });
    pairs.collect()
}
