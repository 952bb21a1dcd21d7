//! The recording side, as a consumer of deltas sees it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod applications;
mod callbacks;
mod calls;
mod chain;
mod contexts;
mod duplicates;
mod events;
mod facade;
mod families;
mod gate;
mod hostile;
mod isolated;
mod labelled;
mod layers;
mod limits;
mod lives;
mod mirrors;
mod providers;
mod reader;
mod refused;
mod reports;
mod sameness;
mod tasks;
mod timer;
mod uncounted;
mod watched;
mod zero;
