//! Benchmarks of runar-otel beside its peers: `cargo bench`.
