//! What the recording side does to the SDK beneath it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod facade;
mod gate;
mod hostile;
mod reader;
mod timer;
