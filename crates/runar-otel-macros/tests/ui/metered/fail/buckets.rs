//! Bucket bounds.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(buckets = [0.1, 1.0, 0.5])]
fn decreasing() {}

#[metered(histogram_buckets = [0.1, 0.1, 2])]
fn equal() {}

#[metered(buckets = [])]
fn empty() {}

fn main() {}
