//! Names of failures.

use std::time::Duration;

use super::*;
use crate::export::{AttemptError, ExportError, Status};

#[test]
fn failures_have_a_word_of_their_own() {
    let unavailable = |last| ExportError::Unavailable {
        attempts: 1,
        last,
        retry_after: None,
    };
    let refused = |status| AttemptError::Refused {
        status,
        message: String::new(),
    };
    let rejected = |status| ExportError::Rejected {
        status,
        message: String::new(),
    };
    let silent = ExportError::TimedOut {
        after: Duration::ZERO,
        attempts: 1,
        last: AttemptError::TimedOut(Duration::ZERO),
    };
    for (error, word) in [
        (unavailable(refused(Status::Http(503))), "503"),
        (rejected(Status::Http(400)), "400"),
        (
            unavailable(refused(Status::Grpc(tonic::Code::ResourceExhausted))),
            "RESOURCE_EXHAUSTED",
        ),
        (silent, "timeout"),
        (
            ExportError::ResponseTooLarge { limit: 1 },
            "response_too_large",
        ),
    ] {
        assert_eq!(error_type(&error), word);
    }
}

#[test]
fn a_default_observer_records_nothing() {
    let observer = Observer::default();
    assert!(observer.meter().is_none());
    assert!(observer.component("x").attributes().is_empty());
}
