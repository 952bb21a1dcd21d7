//! Self-observability: the metrics of telemetry about itself.
//!
//! Names, units and attributes are those of the OpenTelemetry semantic conventions *SDK metrics*; `runar_otel.…` is ours.
//! Measurements go through the gate as any others do, and always after the collection that they are about: a collection
//! never records.

mod error_type;
mod flight;
mod instruments;
mod observer;
mod parts;
mod reader;
#[cfg(feature = "prometheus-endpoint")]
mod scrape;

pub use error_type::error_type;
pub use flight::Flight;
pub use observer::{Component, Destination, Observer};
pub(crate) use parts::{Lost, PartWatch};
pub(crate) use reader::ReaderWatch;
#[cfg(feature = "prometheus-endpoint")]
pub(crate) use scrape::ScrapeWatch;

#[cfg(test)]
mod tests;
