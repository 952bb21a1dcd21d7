//! Programs of the peers, built on first use and kept for later runs.
//!
//! They stand in `$RUNAR_OTEL_PEERS`, by default in `runar-otel/peers` of the user's cache directory, one folder
//! for each version. The first build takes about ten minutes for all of them, with Go alone.

mod cache;
mod collector;
mod go;
mod jaeger;
mod prometheus;
mod python_env;
mod tools;

pub use collector::collector;
pub use jaeger::jaeger;
pub use prometheus::{prometheus, promtool};
pub use python_env::python;
