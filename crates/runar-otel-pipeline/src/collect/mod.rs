//! Collecting: the callbacks, once for all who ask, and then a walk over the series for each of them.

mod coalesce;
mod collector;
mod producer;

pub use collector::Collector;
pub use producer::Producer;
