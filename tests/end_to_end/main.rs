//! From one call to its trace: an application, the real Collector, Prometheus and Jaeger.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod application;
mod bridge;
mod delta;
mod exposition;
mod link;
mod metered;
mod outage;
mod runtimes;
mod settings;
