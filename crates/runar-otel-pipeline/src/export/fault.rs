//! The kind of a fault: two failures of one kind are one problem, whatever their words.

use std::{error::Error, io};

use super::{AttemptError, ExportError, Status};

/// The kind of a failed export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The host name could not be looked up.
    Lookup,
    /// Nobody listens at the address.
    Refused,
    /// The connection could not be made, or broke off.
    Connection,
    /// No answer came in time.
    Timeout,
    /// The receiver answered with an error.
    Status(Status),
    /// The request is larger than the receiver takes.
    TooLarge,
    /// The exporter cannot work as it is configured.
    Settings,
}

impl FaultKind {
    /// True if no connection was made: the receiver has seen nothing.
    #[must_use]
    pub fn is_before_connection(self) -> bool {
        matches!(self, Self::Lookup | Self::Refused)
    }
}

impl ExportError {
    /// Returns the kind of the fault.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::TooLarge { .. } => FaultKind::TooLarge,
            Self::Rejected { status, .. } => FaultKind::Status(*status),
            Self::Unavailable { last, .. } | Self::TimedOut { last, .. } => last.kind(),
            _ => FaultKind::Settings,
        }
    }
}

impl AttemptError {
    /// Returns the kind of the fault.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Refused { status, .. } => FaultKind::Status(*status),
            Self::TimedOut(_) => FaultKind::Timeout,
            Self::SlowLookUp { .. } => FaultKind::Lookup,
            #[cfg(feature = "otlp-http")]
            Self::Http(error) if error.is_timeout() => FaultKind::Timeout,
            #[cfg(feature = "otlp-http")]
            Self::Http(error) => of_sources(error),
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(status) => of_sources(status),
        }
    }
}

/// Returns the kind of a failure to connect, by its sources.
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "nothing connects"))]
pub(crate) fn of_sources(error: &(dyn Error + 'static)) -> FaultKind {
    let mut next = Some(error);
    while let Some(error) = next {
        if is_lookup(error) {
            return FaultKind::Lookup;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return FaultKind::Refused,
                io::ErrorKind::TimedOut => return FaultKind::Timeout,
                _ => {}
            }
            // The source of an `io::Error` is that of the error within.
            if let Some(within) = error.get_ref() {
                next = Some(within);
                continue;
            }
        }
        next = error.source();
    }
    FaultKind::Connection
}

#[cfg(feature = "otlp")]
fn is_lookup(error: &(dyn Error + 'static)) -> bool {
    error.is::<crate::resolver::LookupError>()
}

#[cfg(not(feature = "otlp"))]
fn is_lookup(_: &(dyn Error + 'static)) -> bool {
    false
}
