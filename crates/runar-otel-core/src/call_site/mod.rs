//! Call sites of `metrics::increment!` and the like: their declarations, and their records.

mod declaration;
mod measured;
mod metric_site;
mod record;
mod resolve;

pub use self::{
    declaration::{METRIC_SITES, SiteDeclaration, SiteKind},
    measured::{Measured, MetricValue},
    metric_site::MetricSite,
    record::{decrement, increment, observe, set, timer},
};
