//! Examples of runar-otel: `cargo run --release --example quickstart`.
