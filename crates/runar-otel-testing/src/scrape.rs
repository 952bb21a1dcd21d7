//! The scrape: a request for the page of an endpoint, as Prometheus makes it.

use std::{fmt, time::Duration};

use crate::{
    fail::fail,
    page::{Page, ParseError},
};

/// The `Accept` header for OpenMetrics, with the text format as second choice.
const OPEN_METRICS: &str =
    "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5";
const TEXT: &str = "text/plain;version=0.0.4";

/// The time limit of a scrape.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The largest page that is read, in bytes.
const SIZE_LIMIT: u64 = 256 << 20;

/// Scrapes an endpoint, given by its address or URL, and reads the OpenMetrics page.
///
/// `/metrics` is appended to an address without a path. The call waits for the answer on this thread; our endpoint
/// answers on a thread of its own, so that this works within an asynchronous test too. A server that runs on the
/// runtime of the test itself has to be asked from `spawn_blocking`.
///
/// # Panics
/// When nobody answers, the status is not 200, or the body is no page.
///
/// # Examples
/// ```
/// use runar_otel::MetricsExporterKind;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let telemetry = runar_otel::builder()
///     .metrics_exporters([MetricsExporterKind::Prometheus])
///     .traces_exporters([])
///     .prometheus_address("127.0.0.1", 0)
///     .init()?;
/// runar_otel::Counter::new("scraped_orders_total", "Orders taken").register().increment();
///
/// let page = runar_otel_testing::scrape(telemetry.prometheus_address().unwrap());
/// assert_eq!(page.sample("scraped_orders_total", &[]).unwrap().value, 1.0);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn scrape(address: impl fmt::Display) -> Page {
    match try_scrape(address) {
        Ok(page) => page,
        Err(error) => fail(&error.full_message()),
    }
}

/// Like [`scrape`], in the text format 0.0.4, which has no exemplars.
///
/// # Panics
/// When nobody answers, the status is not 200, or the body is no page.
#[track_caller]
pub fn scrape_text(address: impl fmt::Display) -> Page {
    match fetch(&url(&address.to_string()), TEXT) {
        Ok(page) => page,
        Err(error) => fail(&error.full_message()),
    }
}

/// Like [`scrape`], for an endpoint that may not be there.
///
/// # Errors
/// When nobody answers, the status is not 200, or the body is no page.
pub fn try_scrape(address: impl fmt::Display) -> Result<Page, ScrapeError> {
    fetch(&url(&address.to_string()), OPEN_METRICS)
}

/// Errors of a scrape.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScrapeError {
    /// The endpoint does not answer.
    #[error("{url} does not answer")]
    Unanswered {
        /// URL of the request.
        url: String,
        /// The error of the HTTP client.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The status is not 200.
    #[error("{url} answered {status}, expected 200: {body}")]
    Refused {
        /// URL of the request.
        url: String,
        /// HTTP status of the response.
        status: u16,
        /// Body of the response, as text.
        body: String,
    },
    /// The body of the response is no page.
    #[error("{url} answered with what is no page")]
    Unreadable {
        /// URL of the request.
        url: String,
        /// The first line that is no line of a page.
        #[source]
        source: ParseError,
    },
}

impl ScrapeError {
    /// Returns the message, followed by that of its source.
    fn full_message(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

fn url(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    match rest.split_once('/') {
        None | Some((_, "")) => format!("{scheme}://{}/metrics", rest.trim_end_matches('/')),
        Some(_) => format!("{scheme}://{rest}"),
    }
}

fn fetch(url: &str, accept: &str) -> Result<Page, ScrapeError> {
    let unanswered = |source| ScrapeError::Unanswered {
        url: url.to_owned(),
        source: Box::new(source),
    };
    let agent = ureq::Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(TIME_LIMIT))
        .build()
        .new_agent();
    let mut answer = agent
        .get(url)
        .header("accept", accept)
        .call()
        .map_err(unanswered)?;
    let body = answer.body_mut().with_config().limit(SIZE_LIMIT);
    let body = body.read_to_string().map_err(unanswered)?;
    if answer.status() != 200 {
        return Err(ScrapeError::Refused {
            url: url.to_owned(),
            status: answer.status().as_u16(),
            body,
        });
    }
    Page::parse(body).map_err(|source| ScrapeError::Unreadable {
        url: url.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_urls() {
        for (address, expected) in [
            ("127.0.0.1:9464", "http://127.0.0.1:9464/metrics"),
            ("[::1]:9464", "http://[::1]:9464/metrics"),
            ("http://localhost:9464/", "http://localhost:9464/metrics"),
            ("http://localhost:9464/own", "http://localhost:9464/own"),
            ("localhost:9464/own", "http://localhost:9464/own"),
        ] {
            assert_eq!(url(address), expected);
        }
    }

    #[test]
    fn nobody_there_is_an_error() {
        let error = try_scrape("127.0.0.1:1").unwrap_err();
        assert!(matches!(error, ScrapeError::Unanswered { .. }), "{error:?}");
    }
}
