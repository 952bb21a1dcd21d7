//! Options that are not there, of the wrong type, or not for this place.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::{action, metrics};

#[metrics(prefxi = "a_")]
struct Misspelt {
    #[inject]
    _field: u8,
}

#[metrics(prefix = "api gateway_", service = "", events = "yes", actions = 1)]
struct Values;

#[metrics(prefix = "a_", prefix = "b_", skip)]
struct Twice;

struct Plain;

#[metrics(default)]
impl Plain {
    #[action]
    #[metrics(skip)]
    fn get(&self) {}
}

fn main() {
    Plain.get();
}
