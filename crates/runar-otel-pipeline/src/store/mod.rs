//! The store: totals, start times and exemplars of every series; the only place that adds up.
//!
//! The SDK tells what was recorded since the last time, and whole totals of what is observed. The [`Store`]
//! adds up the former, finds out what is new in the latter, and serves each consumer in its own temporality:
//! totals, or whatever it has not acknowledged yet. It runs on the cold path only.

mod accumulate;
mod collected;
mod consumer;
mod exemplars;
mod explicit;
mod exponential;
mod folded;
mod identity;
mod number;
mod observed;
mod series;
#[expect(clippy::module_inception, reason = "named by its noun like every file")]
mod store;
mod stream;
mod table;

pub use collected::{
    Collected, CollectedData, CollectedMetric, CollectedPoint, CollectedScope, StreamExemplars,
    StreamFacts,
};
pub use consumer::{ConsumerId, TemporalityPreference};
pub use identity::StreamId;
pub use store::{Known, Store};
