//! Options of an attribute: `word`, `name = value`, `name(…)`, separated by commas.
//!
//! Every attribute reads its options with one [`OptionReader`], which gathers all mistakes in them.

mod errors;
mod list;
mod nearest;
mod reader;
mod source;
pub(crate) mod value;

pub(crate) use self::{
    errors::Errors,
    list::{AttributeOption, BareString},
    nearest::{find_nearest, propose},
    reader::{OptionReader, Setting},
    source::source_text,
    value::ValueForm,
};
