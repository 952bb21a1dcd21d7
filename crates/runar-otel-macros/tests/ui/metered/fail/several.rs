//! Several mistakes in one attribute: each has its message.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(name "a", prefix = 1, labels = [tier, 2], bukets = [1], "checkout", skip_span = true, prefix = "a_")]
fn options() {}

#[metered(buckets = [0.5, fast, 0.1, -1], kind = "servr", level = "loud", crate = "a b", until("drop"), service = " ")]
fn values() {}

fn main() {}
