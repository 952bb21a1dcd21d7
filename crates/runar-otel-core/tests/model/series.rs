//! Cells as they are.

#[path = "../../src/series/cell/mod.rs"]
pub(crate) mod cell;
#[path = "../../src/series/value/mod.rs"]
pub(crate) mod value;
