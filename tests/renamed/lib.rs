//! The telemetry of a company: a crate of its own that hands on runar-otel, which its users never name.

pub use runar_node::*;
