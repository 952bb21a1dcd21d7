//! Options that are not there, or of the wrong type.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metric;

#[metric(type = "counter", name = "a", lables = ["source"])]
struct Misspelt;

#[metric(type = "cuonter", name = "a")]
struct UnknownType;

#[metric(type = "summary", name = "a")]
struct NoSuchType;

#[metric(description = "Nothing")]
struct Nothing;

#[metric("counter")]
struct NoName;

#[metric(type = "counter", name = 5, unit, labels = "source", buckets = [true])]
struct WrongTypes;

fn main() {}
