//! Collecting: the callbacks, once for all concurrent callers, and then a walk over the series for each consumer.

mod coalesce;
mod collector;
mod producer;

pub use collector::Collector;
pub use producer::Producer;
