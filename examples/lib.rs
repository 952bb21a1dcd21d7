//! Examples of runar-otel, for `cargo run --release --example …`:
//!
//! - `quickstart`: an order service under load, and from a slow bucket to the trace of a slow order.
//! - `host`: services as their attributes describe them, and a small host that runs them.
