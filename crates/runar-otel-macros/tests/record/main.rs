//! `metrics::increment!` and the rest: what they expand to, and what they record.

#![deny(warnings, clippy::pedantic)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::cast_lossless,
    clippy::indexing_slicing,
    reason = "values as people write them"
)]

mod calls;
mod declared;
mod grammar;
mod isolation;
mod metrics;
mod recorded;
mod reports;
mod semantics;
mod ui;
