//! Call sites of `metrics::increment!` and the like: what they say when compiled, and what they do.

mod measured;
mod metric_site;
mod record;
mod resolve;

pub use self::{
    measured::{Measured, MetricValue},
    metric_site::{METRIC_SITES, MetricSite, SiteKind},
    record::{decrement, increment, observe, set, timer},
};
