//! Why metrics were not delivered.

use std::{fmt, time::Duration};

use http::header::InvalidHeaderValue;
use thiserror::Error;
use tonic::Code;

/// Why an exporter could not be made or an export failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The endpoint is none.
    #[error("invalid otlp endpoint `{endpoint}`: expected {expected}")]
    InvalidEndpoint {
        /// The endpoint, without secrets.
        endpoint: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The endpoint asks for encryption.
    #[error(
        "otlp endpoint `{endpoint}` asks for tls, which is not supported yet: expected http://"
    )]
    TlsNotSupported {
        /// The endpoint, without secrets.
        endpoint: String,
    },
    /// A header cannot be sent.
    #[error("invalid otlp header `{name}`: expected {expected}")]
    InvalidHeader {
        /// Its name.
        name: String,
        /// What was expected.
        expected: &'static str,
        /// What is wrong with the value.
        source: Option<InvalidHeaderValue>,
    },
    /// The total timeout leaves no time.
    #[error("invalid otlp total timeout {timeout:?}: expected more than zero")]
    InvalidTimeout {
        /// The total timeout.
        timeout: Duration,
    },
    /// The system gave no HTTP client, or the client no request.
    #[error("no otlp http client")]
    HttpClient(#[source] reqwest::Error),
    /// The gRPC library refuses the endpoint.
    #[error("no otlp grpc client")]
    GrpcClient(#[source] tonic::transport::Error),
    /// The request was not sent for its size.
    #[error("otlp request of {size} bytes: expected at most {limit}")]
    RequestTooLarge {
        /// Its size in bytes, before compression.
        size: usize,
        /// The largest allowed.
        limit: usize,
    },
    /// The HTTP response was not read for its size; OTLP forbids another attempt.
    #[error("otlp response is too large: expected at most {limit} bytes")]
    ResponseTooLarge {
        /// The largest allowed.
        limit: usize,
    },
    /// The receiver refused the data for good.
    #[error("otlp receiver refused the metrics with {status}: {message}")]
    Rejected {
        /// Its answer.
        status: Status,
        /// Its reason; may be empty.
        message: String,
    },
    /// The receiver could not be reached or could not take the data now.
    #[error("otlp receiver was unavailable in {attempts} attempts")]
    Unavailable {
        /// How often it was tried.
        attempts: u32,
        /// How the last attempt failed.
        #[source]
        last: AttemptError,
    },
    /// The receiver did not answer in time.
    #[error("otlp receiver did not answer in {attempts} attempts within {after:?}")]
    TimedOut {
        /// How long it was tried.
        after: Duration,
        /// How often it was tried.
        attempts: u32,
        /// How the last attempt failed.
        #[source]
        last: AttemptError,
    },
}

impl ExportError {
    /// Whether the same data may be sent again later.
    ///
    /// If not, OTLP wants it dropped and counted.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::TimedOut { .. })
    }
}

/// How one attempt failed that may be followed by another.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// The request did not get through.
    #[error("http request failed")]
    Http(#[source] reqwest::Error),
    /// The call did not get through.
    #[error("grpc call failed")]
    Grpc(#[source] Box<tonic::Status>),
    /// The receiver asked to try later.
    #[error("{status}: {message}")]
    Refused {
        /// Its answer.
        status: Status,
        /// Its reason; may be empty.
        message: String,
    },
    /// There was no answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// An HTTP status.
    Http(u16),
    /// A gRPC code.
    Grpc(Code),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => write!(f, "http status {status}"),
            Self::Grpc(code) => write!(f, "grpc status {code:?}"),
        }
    }
}

/// How much of a receiver's text is kept.
const LONGEST_MESSAGE: usize = 1024;

/// A receiver's text on one line and short enough for a log.
pub(super) fn readable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_MESSAGE)
        .collect::<String>()
        .trim()
        .to_owned()
}
