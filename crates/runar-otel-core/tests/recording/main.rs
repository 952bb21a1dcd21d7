//! What the recording side does to the SDK beneath it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod calls;
mod chain;
mod events;
mod facade;
mod families;
mod gate;
mod hostile;
mod isolated;
mod reader;
mod timer;
mod watched;
mod zero;
