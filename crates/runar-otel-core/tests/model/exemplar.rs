//! The exemplars that values keep.

pub(crate) use runar_otel_core::exemplar::Exemplar;

#[path = "../../src/exemplar/retention.rs"]
pub(crate) mod retention;
