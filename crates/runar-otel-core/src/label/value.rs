//! Values of labels.

use std::fmt::Display;

use super::text::Text;

/// A value that a label can have: every type that implements [`Display`].
///
/// The macros also take an `Option` of one (`None` is the empty string), and strings without copying them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a label",
    label = "expected a text, a number, or what implements `Display`",
    note = "labels take what implements `std::fmt::Display`, and `Option`s of it"
)]
pub trait LabelValue {
    /// The text of the value.
    #[doc(hidden)]
    fn text(&self) -> Text<'_>;
}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> LabelValue for T {
    fn text(&self) -> Text<'_> {
        Text::shown(self)
    }
}
