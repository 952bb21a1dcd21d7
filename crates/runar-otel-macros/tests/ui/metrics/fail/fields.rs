//! Fields that hold no metric, or say what cannot be.

extern crate runar_otel_core as runar_otel;

use runar_otel::{Counter, Histogram};
use runar_otel_macros::metrics;

#[metrics]
struct Service {
    #[metric_field]
    _name: String,
    #[metric_field(nmae = "a")]
    _misspelt: Counter,
    #[metric_field(name = "a b", unit = 1)]
    _values: Counter,
    #[metric_field(buckets = [1.0])]
    _buckets: Counter,
    #[metric_field(buckets = [1.0, 1.0])]
    _increasing: Histogram,
}

fn main() {}
