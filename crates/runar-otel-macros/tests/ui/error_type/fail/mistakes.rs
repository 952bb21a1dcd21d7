//! Mistakes in `#[error_type]`.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::ErrorType;

#[derive(ErrorType)]
enum Options {
    #[error_type(nmae = "a")]
    Misspelt,
    #[error_type("panic")]
    Panic,
    #[error_type("")]
    Empty,
    #[error_type(transparent)]
    NoField,
    #[error_type("a", transparent)]
    Both(u8),
    #[error_type(crate = a::b)]
    Crate,
}

#[derive(ErrorType)]
#[error_type("a")]
enum Named {
    A,
}

#[derive(ErrorType)]
enum Generic<T> {
    #[error_type(transparent)]
    A(T),
}

#[derive(ErrorType)]
union Union {
    a: u8,
}

fn main() {}
