//! Labels that cannot be declared.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(labels = ["outcome", "service", "le"])]
fn taken() {}

#[metered(labels = ["tier", ""])]
fn empty() {}

#[metered(labels = ["tier", "tier"])]
fn twice() {}

#[metered(event = "user.updated", labels = ["tier"])]
fn of_an_event() {}

fn main() {}
