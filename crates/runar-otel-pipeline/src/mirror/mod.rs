//! The mirror: readers of the OpenTelemetry SDK, fed with the measurements of the gate.
//!
//! ```text
//! record ─▶ queue ─▶ thread ─▶ instruments of the SDK ─▶ readers
//! last values, observed values ◀──── callbacks ────────────┘
//! ```
//!
//! Recording never waits for a reader: the queue is bounded, and the SDK's locks are taken by the thread alone.

mod instruments;
mod queue;
mod readers;
mod thread;
mod view;

pub use self::{queue::CAPACITY, readers::SdkReaders};
