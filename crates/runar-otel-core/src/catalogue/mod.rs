//! The catalogue: the metrics of the program, and the places of their declarations.

mod check;
mod declared;
mod files;
mod json;
mod kind;
pub(crate) mod known;
mod list;
mod markdown;
mod metric;
mod place;
pub(crate) mod precedence;
pub(crate) mod registered;
mod sources;

pub use self::{
    check::{Mismatch, check},
    declared::Declared,
    list::{Catalogue, Entry, catalogue},
    metric::{METRICS, Metric},
    place::{Origin, Place},
};
