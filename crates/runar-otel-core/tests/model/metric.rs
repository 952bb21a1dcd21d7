//! The plans of the production code, and its numbers as they are.

#[path = "../../src/metric/number.rs"]
pub(crate) mod number;

pub(crate) use runar_otel_core::metric::*;
