//! Several mistakes in one attribute: each has its message.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metric;

#[metric(type = "cuonter", name "a", unit = "s", unit = "By", labels = ["", 1, b], lables = [])]
struct Options;

#[metric("a", buckets = [0.5, fast, 0.1], crate = 1, description)]
struct Values;

fn main() {}
