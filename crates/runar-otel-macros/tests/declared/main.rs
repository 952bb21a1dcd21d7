//! `#[metrics]`, `#[metric]`, `#[derive(ErrorType)]` and the attributes of hosts: what they generate does its work.

#![deny(warnings, clippy::pedantic)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate runar_otel_host as runar_otel;

mod document;
mod errors;
mod fields;
mod generic;
mod hosted;
mod impls;
mod metric;
mod nearest;
#[path = "../record/recorded.rs"]
mod recorded;
#[path = "../record/metrics.rs"]
mod recording;
mod services;
mod ui;

/// The shared recorder listens to reports; here nobody does.
mod reports {
    pub(crate) fn listen() {}
}
