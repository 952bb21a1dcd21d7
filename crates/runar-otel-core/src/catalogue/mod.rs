//! The catalogue: the metrics of the program, and the places of their declarations.

mod check;
mod files;
mod json;
mod kind;
pub(crate) mod linked;
mod list;
mod markdown;
mod metric;

mod place;
pub(crate) mod precedence;
pub(crate) mod registrations;
mod site_declaration;
mod sources;

pub use crate::metric::MetricDeclaration;

pub use self::{
    check::{Mismatch, check},
    list::{Catalogue, Entry, catalogue},
    metric::{METRICS, Metric},
    place::{Origin, Place},
    site_declaration::{METRIC_SITES, SiteDeclaration, SiteKind},
};
