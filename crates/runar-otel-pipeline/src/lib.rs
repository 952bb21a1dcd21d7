//! The delivering side of `runar-otel`: collection, consumers, encoders, OTLP push, a pull endpoint.
//!
//! For the crate `runar-otel`, which wires all of it in `init()`, and for the test kit. Applications use `runar-otel`.
//!
//! The way of one measurement, after the series has it:
//!
//! ```text
//! collect::Collector         runs the callbacks, once for all consumers that ask
//! store::Store               reads the series for one consumer: totals, or the deltas that it has not acknowledged
//! snapshot::Snapshot         plain data: scopes, metrics, points, exemplars
//! encode::{otlp, exposition} bytes; pure, without clock and I/O
//! export::OtlpExporter       a push, with retries     endpoint: an answer to a scrape
//! store::Store               the consumer acknowledges: the window is closed
//! observe::Observer          if asked for: what all of this did, as metrics that go the same way
//! ```

pub mod background;
#[cfg(feature = "prometheus-registry")]
pub mod bridge;
pub mod collect;
pub mod encode;
#[cfg(feature = "prometheus-endpoint")]
pub mod endpoint;
pub mod export;
#[cfg(any(feature = "otlp-http", feature = "prometheus-endpoint"))]
mod gzip;
#[cfg(feature = "sdk-reader")]
pub mod mirror;
pub mod observe;
#[cfg(any(feature = "otlp", feature = "prometheus-endpoint"))]
mod resolver;
pub mod schedule;
pub mod settings;
pub mod snapshot;
pub mod spill;
pub mod store;
mod worker;
