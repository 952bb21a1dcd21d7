//! The attribute `error.type` of failed exports, and the status of an answer.

use std::borrow::Cow;

use opentelemetry::KeyValue;

use crate::export::{AttemptError, ExportError, FaultKind, Status};

/// Returns the reason of a failed export in a word: the status of the answer, else the kind of the fault.
#[must_use]
pub fn error_type(error: &ExportError) -> Cow<'static, str> {
    if let Some(status) = status(error) {
        return match status {
            Status::Http(code) => code.to_string().into(),
            #[cfg(feature = "otlp-grpc")]
            Status::Grpc(code) => screaming(&format!("{code:?}")).into(),
        };
    }
    let word = match error {
        ExportError::ResponseTooLarge { .. } => "response_too_large",
        _ => match error.kind() {
            FaultKind::Lookup => "name_resolution",
            FaultKind::Refused => "connection_refused",
            FaultKind::Connection => "connection_failed",
            FaultKind::Timeout => "timeout",
            _ => "invalid_settings",
        },
    };
    word.into()
}

/// Returns the attribute that has the status of an answer.
pub(super) fn status_attribute(status: Status) -> KeyValue {
    match status {
        Status::Http(code) => KeyValue::new("http.response.status_code", i64::from(code)),
        #[cfg(feature = "otlp-grpc")]
        Status::Grpc(code) => {
            KeyValue::new("rpc.response.status_code", screaming(&format!("{code:?}")))
        }
    }
}

/// Returns the status with which the receiver has answered the last attempt; `None` if it has not answered.
pub(super) fn status(error: &ExportError) -> Option<Status> {
    match error {
        ExportError::TooLarge { status, .. } | ExportError::Rejected { status, .. } => {
            Some(*status)
        }
        ExportError::Unavailable { last, .. } | ExportError::TimedOut { last, .. } => match last {
            AttemptError::Refused { status, .. } => Some(*status),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a name such as `ResourceExhausted` as gRPC writes it: `RESOURCE_EXHAUSTED`.
#[cfg(feature = "otlp-grpc")]
fn screaming(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (at, letter) in name.chars().enumerate() {
        if at > 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}
