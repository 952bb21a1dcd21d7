//! Items that are neither the struct of a service nor its impl.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metrics;

#[metrics]
fn function() {}

#[metrics]
enum Enum {}

#[metrics]
trait Trait {}

#[metrics]
mod module {}

fn main() {
    function();
}
