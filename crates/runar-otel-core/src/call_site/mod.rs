//! Call sites of `metrics::increment!` and the like: their declarations, and their records.

mod measured;
mod metric_site;
mod record;
mod resolve;

pub use self::{
    measured::{Measured, MetricValue},
    metric_site::MetricSite,
    record::{decrement, increment, observe, set, timer},
};
