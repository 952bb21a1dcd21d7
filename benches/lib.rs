//! Benchmarks of runar-otel beside its peers: `cargo bench`.

pub mod target;
pub mod together;
