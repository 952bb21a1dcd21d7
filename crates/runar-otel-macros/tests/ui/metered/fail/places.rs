//! What is no function with a body.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

struct Orders;

#[metered]
impl Orders {}

#[metered]
struct Order;

#[metered]
trait Place {}

#[metered]
mod orders {}

#[metered]
static LIMIT: u8 = 1;

trait Store {
    #[metered]
    fn read(&self) -> u8;
}

#[metered]
const fn double(number: u8) -> u8 {
    number * 2
}

/// The functions are there, so that only our messages show.
fn used() -> u8 {
    let _ = (Orders, Order, LIMIT);
    double(1)
}

fn main() {}
