//! `#[metered]`: what it accepts, says and records.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

extern crate runar_otel_core as runar_otel;

mod bodies;
mod ends;
mod labels;
mod lasting;
mod methods;
mod outcomes;
mod recorded;
mod shapes;
mod size;
mod spans;
mod ui;
