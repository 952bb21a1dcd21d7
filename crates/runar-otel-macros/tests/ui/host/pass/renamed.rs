//! The path of the crate is said once per impl, and once per struct.

#![deny(warnings)]

mod reexported {
    pub use runar_otel_host as telemetry;
}

use reexported::telemetry::host::Service as _;
use runar_otel_macros::{action, job, metered, metrics, service};

#[service(name = "users", crate = crate::reexported::telemetry)]
#[metrics(prefix = "users_")]
struct Users;

#[metrics(crate = crate::reexported::telemetry)]
impl Users {
    #[action]
    #[metered]
    fn get(&self) -> u8 {
        1
    }

    #[job(schedule = "0 0 * * *")]
    fn clean(&self) {}
}

struct Others;

#[service(crate = crate::reexported::telemetry)]
impl Others {
    #[action]
    fn get(&self) -> u8 {
        2
    }
}

fn main() {
    Users.clean();
    assert_eq!(Users.get() + Others.get(), 3);
    assert_eq!(Users::actions().len() + Users::jobs().len(), 2);
}
