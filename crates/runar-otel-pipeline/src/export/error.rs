//! Errors of an OTLP export.

use std::{fmt, time::Duration};

use http::header::InvalidHeaderValue;
use thiserror::Error;

use crate::settings::Protocol;

/// Errors of making an OTLP exporter, and of its exports.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The endpoint is no URL that the protocol can use.
    #[error("invalid otlp endpoint `{endpoint}`: expected {expected}")]
    InvalidEndpoint {
        /// The endpoint, without credentials and query.
        endpoint: String,
        /// The expected form of an endpoint.
        expected: &'static str,
    },
    /// The endpoint is an `https` URL; TLS is not supported yet.
    #[error(
        "otlp endpoint `{endpoint}` asks for tls, which is not supported yet: expected http://"
    )]
    TlsNotSupported {
        /// The endpoint, without credentials and query.
        endpoint: String,
    },
    /// The transport of the protocol is not compiled in.
    #[error("no transport for otlp over {protocol}: expected the feature `{}`", protocol.feature())]
    NoTransport {
        /// The protocol, as configured.
        protocol: Protocol,
    },
    /// Requests are to be compressed with gzip, which is not compiled in.
    #[error("no gzip compression for otlp: expected the feature `gzip`")]
    NoGzip,
    /// A header cannot be sent.
    #[error("invalid otlp header `{name}`: expected {expected}")]
    InvalidHeader {
        /// Name of the header, as configured.
        name: String,
        /// The expected form of the name or the value.
        expected: &'static str,
        /// The error of the value; `None` if the name is refused.
        source: Option<InvalidHeaderValue>,
    },
    /// The total timeout is zero.
    #[error("invalid otlp total timeout {timeout:?}: expected more than zero")]
    InvalidTimeout {
        /// The total timeout, as configured.
        timeout: Duration,
    },
    /// The HTTP client could not be built, or could not build the request.
    #[cfg(feature = "otlp-http")]
    #[error("no otlp http client")]
    HttpClient(#[source] reqwest::Error),
    /// The gRPC library refuses the endpoint.
    #[cfg(feature = "otlp-grpc")]
    #[error("no otlp grpc client")]
    GrpcClient(#[source] tonic::transport::Error),
    /// The receiver refused the request for its size.
    #[error(
        "otlp receiver refused a request of {size} bytes as too large with {status}: {message}"
    )]
    TooLarge {
        /// Size of the request in bytes, before compression.
        size: usize,
        /// Status of the receiver's response.
        status: Status,
        /// The receiver's reason; may be empty.
        message: String,
    },
    /// The HTTP response is larger than the limit, and was not read; OTLP forbids another attempt.
    #[error("otlp response is too large: expected at most {limit} bytes")]
    ResponseTooLarge {
        /// The largest size allowed, in bytes.
        limit: usize,
    },
    /// The receiver refused the data for good.
    #[error("otlp receiver refused the data with {status}: {message}")]
    Rejected {
        /// Status of the receiver's response.
        status: Status,
        /// The receiver's reason; may be empty.
        message: String,
    },
    /// The receiver could not be reached or could not take the data now.
    #[error("otlp receiver was unavailable in {}", told(*attempts))]
    Unavailable {
        /// The number of attempts made.
        attempts: u32,
        /// The error of the last attempt.
        #[source]
        last: AttemptError,
        /// The time for which the receiver wants to be left alone; `None` if it has not said.
        retry_after: Option<Duration>,
    },
    /// The receiver did not answer in time.
    #[error("otlp receiver did not answer in {} within {after:?}", told(*attempts))]
    TimedOut {
        /// The time from the first attempt to the end of the last.
        after: Duration,
        /// The number of attempts made.
        attempts: u32,
        /// The error of the last attempt.
        #[source]
        last: AttemptError,
    },
}

impl ExportError {
    /// Returns the words of the receiver; `None` without an answer.
    #[cfg(feature = "otlp")]
    pub(super) fn message_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Rejected { message, .. } | Self::TooLarge { message, .. } => Some(message),
            Self::Unavailable {
                last: AttemptError::Refused { message, .. },
                ..
            }
            | Self::TimedOut {
                last: AttemptError::Refused { message, .. },
                ..
            } => Some(message),
            _ => None,
        }
    }

    /// Joins the messages of the error and of its sources, for one line of a log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(deeper) = source {
            let message = deeper.to_string();
            // Some errors say what their source says.
            if !text.ends_with(&message) {
                text.push_str(": ");
                text.push_str(&message);
            }
            source = deeper.source();
        }
        readable(&text)
    }

    /// Returns the time for which the receiver wants to be left alone; `None` if it has not said.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// True if the same data must not be sent again: the receiver has the data or finds it invalid. Any other refusal is about the receiver or our settings: the data stays until they are mended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::ResponseTooLarge { .. } => true,
            Self::Rejected { status, .. } => status.is_bad_data(),
            _ => false,
        }
    }
}

/// Errors of a single attempt after which another may succeed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// The HTTP request failed before a response came.
    #[cfg(feature = "otlp-http")]
    #[error("http request failed")]
    Http(#[source] reqwest::Error),
    /// The gRPC call failed on this side, before the receiver answered.
    #[cfg(feature = "otlp-grpc")]
    #[error("grpc call failed")]
    Grpc(#[source] Box<tonic::Status>),
    /// The receiver refused the data for now; OTLP allows another attempt.
    #[error("{status}: {message}")]
    Refused {
        /// Status of the receiver's response.
        status: Status,
        /// The receiver's reason; may be empty.
        message: String,
    },
    /// No answer came within this time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The system's resolver does not answer.
    #[error("the look-up (DNS) of `{host}` has not ended")]
    SlowLookUp {
        /// The host that is looked up.
        host: String,
    },
}

/// The status of a receiver's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// An HTTP status code.
    Http(u16),
    /// A gRPC status code.
    #[cfg(feature = "otlp-grpc")]
    Grpc(tonic::Code),
}

impl Status {
    /// True if the receiver finds the data invalid: the data must not be sent again (OTLP: *Bad data*).
    fn is_bad_data(self) -> bool {
        match self {
            Self::Http(status) => status == 400,
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(code) => code == tonic::Code::InvalidArgument,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => write!(f, "http status {status}"),
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(code) => write!(f, "grpc status {code:?}"),
        }
    }
}

/// Tells a number of attempts.
fn told(attempts: u32) -> String {
    match attempts {
        1 => "1 attempt".to_owned(),
        _ => format!("{attempts} attempts"),
    }
}

/// The largest part of a receiver's message that is kept, in characters.
const LONGEST_MESSAGE: usize = 1024;

/// Returns a receiver's message on one line, and short enough for a log.
pub(super) fn readable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_MESSAGE)
        .collect::<String>()
        .trim()
        .to_owned()
}
