//! Two lists of options.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(name = "a")]
#[metered(name = "b")]
fn different() {}

#[metered(name = "check out")]
#[metered]
#[runar_otel_macros::metered]
fn wrong_and_twice() {}

fn main() {}
