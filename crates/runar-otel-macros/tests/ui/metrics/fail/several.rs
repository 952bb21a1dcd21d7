//! Several mistakes in one attribute: each has its message, and so have those of its fields.

extern crate runar_otel_core as runar_otel;

use runar_otel::{Counter, Histogram};
use runar_otel_macros::{action, metrics};

#[metrics(prefix = "api gateway_", events = "yes", service = "", actons, skip, events)]
struct Service {
    #[metric_field(name "a", unit = "µs", unit = "s", buckets = [1.0, "2"])]
    _latency: Histogram,
    #[metric_field(description = 1, nmae = "a")]
    _name: String,
    #[metric_field = "a"]
    _counter: Counter,
}

struct Other;

#[metrics("api_", default, service = 1)]
impl Other {
    #[action]
    #[runar_otel_macros::metered(nmae = "a", name = "b c")]
    fn get(&self) {}
}

fn main() {}
