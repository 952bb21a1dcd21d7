//! Code that is still being written: no attribute says that it is in the wrong place.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::{action, metered, metrics};

struct Orders;

#[metrics]
impl Orders {
    #[action]
    fn read(&self) -> u8 {
        let number = ;
        number
    }
}

#[action]
fn write(number: u8) {
    number.
}

#[metered]
fn forget(number: u8) {
    number +
}

fn main() {
    Orders.read();
    write(1);
    forget(1);
}
