//! The bridge to the `prometheus` crate, both ways: its registries in our snapshots, our metrics in its registries.
//!
//! A registry may be bridged into us and hold our collector at the same time. Each way in is then closed while
//! this thread is on the other one, so that a collection never comes round to itself.

mod collector;
mod crossing;
mod families;
mod process;
mod producer;
mod registry;
mod seen;

pub use collector::PrometheusCollector;
pub use families::families;
pub use producer::RegistryProducer;
pub use registry::metrics;
