//! Plain HTTP to peers on this machine.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::Body;
use ureq::http::Response;

use crate::{Error, Result};

/// What a peer answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The `Content-Type`, empty if there is none.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// Asks for `url`, with `accept` as its `Accept` header.
///
/// # Errors
/// [`Error::Http`] when nobody answers; a status such as 404 is an [`Answer`].
pub fn get(url: &str, accept: &str) -> Result<Answer> {
    answer(url, agent().get(url).header("accept", accept).call())
}

/// Sends `body` as JSON.
///
/// # Errors
/// [`Error::Http`] when nobody answers, [`Error::Answer`] when the status is not 2xx.
pub fn post_json(url: &str, body: &Value) -> Result<Answer> {
    let sent = agent()
        .post(url)
        .header("content-type", "application/json")
        .send(body.to_string());
    let answer = answer(url, sent)?;
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    Err(Error::answer(
        url,
        format!("status {}: {}", answer.status, answer.body),
    ))
}

/// A new agent for each request: a kept connection would break when its peer is restarted.
fn agent() -> Agent {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .new_agent()
}

fn answer(url: &str, response: std::result::Result<Response<Body>, ureq::Error>) -> Result<Answer> {
    let failed = |source| Error::Http {
        url: url.to_owned(),
        source: Box::new(source),
    };
    let mut response = response.map_err(failed)?;
    let content_type = response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Ok(Answer {
        status: response.status().as_u16(),
        content_type: content_type.to_owned(),
        body: response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()
            .map_err(failed)?,
    })
}
