//! The table of series as it is.

#[path = "../../src/labels/interner.rs"]
pub(crate) mod interner;
#[path = "../../src/labels/length.rs"]
mod length;
#[path = "../../src/labels/query.rs"]
mod query;
#[path = "../../src/labels/set.rs"]
mod set;
#[path = "../../src/labels/table.rs"]
pub(crate) mod table;
#[path = "../../src/labels/value.rs"]
mod value;

pub(crate) use self::set::LabelSet;
