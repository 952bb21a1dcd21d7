//! The headers of export requests: those of the exporter and the configured ones, no others.

use http::{HeaderMap, HeaderName, HeaderValue, header::USER_AGENT};

use crate::config::Header;

/// The name of the exporter in its user agent (specification, *OTLP exporter*, *User Agent*).
const EXPORTER: &str = "OTel-OTLP-Exporter-Rust";

/// Returns the headers of a request: the user agent and the configured ones. All other headers of `made` are dropped:
/// they come from the environment, unchecked.
pub(super) fn only_ours(made: &HeaderMap, configured: &HeaderMap) -> HeaderMap {
    let mut headers = configured.clone();
    headers.entry(USER_AGENT).or_insert_with(|| {
        let made = made.get(USER_AGENT).filter(|agent| is_of_exporter(agent));
        made.cloned()
            .unwrap_or_else(|| HeaderValue::from_static(EXPORTER))
    });
    headers
}

/// True for the user agent that the exporter sets by itself.
fn is_of_exporter(agent: &HeaderValue) -> bool {
    let version = agent.to_str().ok().and_then(|it| it.strip_prefix(EXPORTER));
    version.is_some_and(|version| version.starts_with('/'))
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
