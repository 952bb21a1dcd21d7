//! Several mistakes in one attribute: each has its message.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::ErrorType;

#[derive(ErrorType)]
#[error_type(crate = 1, nmae = "a")]
enum Options {
    #[error_type("a", name = "b", transparent = true, crate = a)]
    Several,
    #[error_type("a")]
    #[error_type("b")]
    Twice,
    #[error_type = "a"]
    Assigned,
    #[error_type(name: "a", transprent)]
    Syntax,
}

fn main() {}
