//! Accessors are given what the metric has, and nothing else.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metric;

#[metric(type = "counter", name = "a", labels = ["source"])]
struct Registrations;

struct Source;

fn main() {
    Registrations::increment();
    Registrations::increment(Source);
    Registrations::add("five", "web");
}
