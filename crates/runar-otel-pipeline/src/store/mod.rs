//! The store: the consumers, and the data points that each of them gets.
//!
//! The series themselves hold totals, start times, exemplars, and the deltas that a consumer has not acknowledged: see
//! `runar_otel_core::series`. The store runs on the cold path only.

mod consumer;
#[expect(clippy::module_inception, reason = "named by its noun like every file")]
mod store;

pub use consumer::ConsumerId;

pub use crate::settings::TemporalityPreference;
pub use store::{IDLE, Store};
