//! Items that are no unit structs.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metric;

#[metric(type = "counter", name = "a")]
struct Fields {
    _a: u8,
}

#[metric(type = "counter", name = "a")]
fn function() {}

#[metric(type = "counter", name = "a")]
enum Enum {}

fn main() {}
