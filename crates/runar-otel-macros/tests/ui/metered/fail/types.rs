//! Types that do not fit, which only the compiler can see.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

struct Order;

#[metered(labels = ["order"])]
fn label_without_a_text(order: Order) {
    drop(order);
}

#[metered(ok_if = |number| number.is_some())]
fn no_such_method() -> u8 {
    1
}

#[metered]
async fn wrong_in_the_body() -> Result<u8, String> {
    let number: u8 = "text";
    Ok(number)
}

#[metered]
fn wrong_result() -> Result<u8, String> {
    5
}

#[metered]
async fn nothing_at_the_end(number: u8) -> u8 {
    drop(number);
}

fn main() {}
