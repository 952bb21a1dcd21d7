//! Values that cannot be.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metric;

#[metric(type = "counter", name = "order count")]
struct Name;

#[metric(type = "gauge", name = "a", unit = "µs")]
struct Unit;

#[metric(type = "histogram", name = "a", buckets = [0.1, 1.0, 0.5])]
struct Buckets;

#[metric(type = "counter", name = "a", buckets = [0.1, 1.0])]
struct NoBuckets;

#[metric(type = "counter", name = "a", labels = ["", "b", "b", "a.b", "a_b"])]
struct Labels;

#[metric(type = "histogram", name = "a", labels = ["le"])]
struct Le;

fn main() {}
