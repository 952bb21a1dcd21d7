//! The delivering side of runar-otel: one collection, a store, encoders, OTLP push and a pull endpoint.
//!
//! Applications use the crate `runar-otel`, which wires all of this in `init()`.

pub mod background;
pub mod bridge;
pub mod collect;
pub mod encode;
pub mod endpoint;
pub mod export;
mod gzip;
#[cfg(feature = "sdk-reader")]
pub mod mirror;
pub mod schedule;
pub mod settings;
pub mod snapshot;
pub mod store;
