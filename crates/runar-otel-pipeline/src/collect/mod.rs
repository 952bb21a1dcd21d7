//! Collecting: the one reader of the SDK, and the way from it into the store.
//!
//! Order of a collection: freeze the reservoirs, let the SDK drain and aggregate, add up in the store. The
//! other way round an exemplar could be newer than the point that it belongs to.

mod coalesce;
mod collector;
mod convert;
mod gate;
mod reader;
mod sdk_view;
mod streams;

pub use collector::Collector;
pub use convert::convert;
pub use gate::{Gate, Plans, Producer};
pub use reader::StoreReader;
pub use sdk_view::{PlanOf, sdk_view};
