//! Clients that ask the peers what has arrived.

mod jaeger;
mod prometheus;

use serde_json::Value;

use crate::{Error, Result, http};

pub use jaeger::{Jaeger, Span, Trace};
pub use prometheus::{Exemplar, ExemplarSeries, Labels, Metadata, Prometheus, Sample};

/// Asks for JSON; `None` on 404.
fn json(peer: &str, url: &str) -> Result<Option<Value>> {
    let answer = http::get(url, "application/json")?;
    match answer.status {
        200 => serde_json::from_str(&answer.body)
            .map(Some)
            .map_err(|error| Error::answer(peer, error)),
        404 => Ok(None),
        status => Err(Error::answer(
            peer,
            format!("status {status} for {url}: {}", answer.body),
        )),
    }
}

/// Percent-encodes everything but unreserved characters.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A list inside an answer; empty if it is absent.
fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A string inside an answer; empty if it is absent.
fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
