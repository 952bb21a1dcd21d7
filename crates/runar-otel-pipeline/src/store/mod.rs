//! The store: the consumers, and what each of them gets to see of the series.
//!
//! Totals, start times and exemplars are in the series themselves, and so is what a consumer of deltas has not acknowledged:
//! see `runar_otel_core::series`. It runs on the cold path only.

mod consumer;
#[expect(clippy::module_inception, reason = "named by its noun like every file")]
mod store;

pub use consumer::ConsumerId;

pub use crate::settings::TemporalityPreference;
pub use store::{IDLE, Store};
