//! Mistakes on structs and impls.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::{action, p2p_service, service};

#[service(nam = "users", version = 2)]
struct Users {
    #[inject]
    _field: u8,
}

#[service(name = "users")]
impl Users {
    #[action]
    fn get(&self) {}
}

#[p2p_service]
enum Peers {}

#[service]
struct Fields {
    #[metric_field(name = "a")]
    _a: u8,
}

fn main() {}
