//! What `#[metric]` generates is clean.

#![deny(warnings, missing_docs, clippy::pedantic)]

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metric;

#[metric(
    type = "counter",
    name = "user_registration_total",
    description = "Total number of user registrations",
    labels = ["source", "account_type"]
)]
struct UserRegistrationMetric;

/// Sizes.
#[metric(type = "histogram", name = "size_bytes", buckets = [1, 2.5], labels = ["type", "self", "http.method"])]
#[derive(Clone, Copy, Debug)]
pub struct Size;

mod inner {
    #[runar_otel_macros::metric(type = "timer", name = "took", crate = runar_otel_core)]
    pub(crate) struct Took;
}

fn main() {
    UserRegistrationMetric::increment("web", 1);
    Size::observe(1, "a", "b", "GET");
    inner::Took::start().stop();
}
