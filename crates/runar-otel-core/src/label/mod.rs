//! Values of labels: their types, and their text.

pub(crate) mod difference;
mod levels;
mod text;
mod value;

pub use self::{levels::Labelled, text::Text, value::LabelValue};

/// Traits by which `text!` finds the text of a value. No stable interface.
#[doc(hidden)]
pub mod __levels {
    pub use super::levels::{IsAny, IsOptional, IsOptionalStr, IsStr};
}
