//! What `#[derive(ErrorType)]` generates is clean.

#![deny(warnings, missing_docs, clippy::pedantic)]

extern crate runar_otel_core as runar_otel;

use runar_otel::ErrorType as _;
use runar_otel_macros::ErrorType;

/// An error.
#[derive(Debug, ErrorType)]
pub enum Error<T> {
    /// One.
    NotFound,
    /// Another.
    #[error_type("taken")]
    Conflict(T),
}

fn main() {
    assert_eq!(Error::Conflict(1).error_type(), "taken");
    assert_eq!(Error::<u8>::NotFound.error_type(), "not_found");
}
