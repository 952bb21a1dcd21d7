//! The catalogue: the metrics of the program, and the places of their declarations.

mod check;
mod files;
mod json;
mod kind;
pub(crate) mod linked;
mod list;
mod markdown;
mod metric;
mod metric_declaration;
mod place;
pub(crate) mod precedence;
pub(crate) mod registrations;
mod sources;

pub use self::{
    check::{Mismatch, check},
    list::{Catalogue, Entry, catalogue},
    metric::{METRICS, Metric},
    metric_declaration::MetricDeclaration,
    place::{Origin, Place},
};
