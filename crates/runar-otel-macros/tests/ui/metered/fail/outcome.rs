//! What a result means.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(ok_if = Option::is_some, error_if = Option::is_none)]
fn both() -> Option<u8> {
    None
}

#[metered(until = "drop", ok_if = |_| true)]
fn until_and_ok_if() -> impl Iterator<Item = u8> {
    std::iter::empty()
}

#[metered(until = "drop")]
fn until_of_a_number() -> u8 {
    1
}

#[metered(until = "drop")]
fn until_of_nothing() {}

#[metered(until = "dropped")]
fn until_something_else() -> impl Iterator<Item = u8> {
    std::iter::empty()
}

fn main() {}
