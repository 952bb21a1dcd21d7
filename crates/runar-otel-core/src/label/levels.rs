//! Levels by which `text!` finds the text of a value whose type it does not know: the most specific one wins.
//!
//! Method look-up tries the receiver with fewer references first, so a level that is implemented for more references
//! wins over those below it. The last one takes everything, and asks for [`LabelValue`] only when it is used: so the
//! compiler's message is about that trait, not about a method that it did not find.

use super::{LabelValue, text::Text};

/// A value that becomes that of a label.
#[derive(Debug)]
pub struct Labelled<'a, T: ?Sized>(pub &'a T);

/// Level of a string: its text is borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Str;
/// Level of an optional string: its text is borrowed, empty for `None`.
#[derive(Clone, Copy, Debug)]
pub struct OptionalStr;
/// Level of an optional value: the text that it displays, empty for `None`.
#[derive(Clone, Copy, Debug)]
pub struct Optional;
/// Level of any other value: the text that it displays.
#[derive(Clone, Copy, Debug)]
pub struct Any;

/// Level of all strings.
pub trait IsStr {
    /// Chooses the level.
    fn level(&self) -> Str {
        Str
    }
}
impl<T: AsRef<str> + ?Sized> IsStr for &&&Labelled<'_, T> {}

/// Level of an `Option` of a string.
pub trait IsOptionalStr {
    /// Chooses the level.
    fn level(&self) -> OptionalStr {
        OptionalStr
    }
}
impl<T: AsRef<str>> IsOptionalStr for &&Labelled<'_, Option<T>> {}
impl<T: AsRef<str>> IsOptionalStr for &&Labelled<'_, &Option<T>> {}

/// Level of an `Option` of any other value.
pub trait IsOptional {
    /// Chooses the level.
    fn level(&self) -> Optional {
        Optional
    }
}
impl<T> IsOptional for &Labelled<'_, Option<T>> {}
impl<T> IsOptional for &Labelled<'_, &Option<T>> {}

/// Level of all other values.
pub trait IsAny {
    /// Chooses the level.
    fn level(&self) -> Any {
        Any
    }
}
impl<T: ?Sized> IsAny for Labelled<'_, T> {}

impl Str {
    /// Borrows the string as the text of a label.
    #[inline]
    pub fn text<T: AsRef<str> + ?Sized>(self, value: &T) -> Text<'_> {
        Text::borrowed(value.as_ref())
    }
}

impl OptionalStr {
    /// Borrows the string as the text of a label; empty for `None`.
    #[inline]
    pub fn text<'a, T: AsRef<str> + 'a>(self, value: &'a (impl Maybe<T> + ?Sized)) -> Text<'a> {
        Text::borrowed(value.maybe().map_or("", AsRef::as_ref))
    }
}

impl Optional {
    /// Returns the displayed text of the value; empty for `None`.
    pub fn text<'a, T: LabelValue + 'a>(self, value: &'a (impl Maybe<T> + ?Sized)) -> Text<'a> {
        value.maybe().map_or(Text::borrowed(""), LabelValue::text)
    }
}

impl Any {
    /// Returns the displayed text of the value.
    pub fn text<T: LabelValue + ?Sized>(self, value: &T) -> Text<'_> {
        value.text()
    }
}

/// An `Option`, or a reference to one.
pub trait Maybe<T> {
    /// Returns the value inside, if there is one.
    fn maybe(&self) -> Option<&T>;
}

impl<T> Maybe<T> for Option<T> {
    #[inline]
    fn maybe(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl<T> Maybe<T> for &Option<T> {
    #[inline]
    fn maybe(&self) -> Option<&T> {
        self.as_ref()
    }
}

/// Returns the text of a value, taken by reference.
#[doc(hidden)]
#[macro_export]
macro_rules! __text {
    ($value:expr) => {
        match &$value {
            // In the scrutinee, so that a temporary value lives as long as the text.
            value => {
                use $crate::label::__levels::*;
                (&&&&$crate::label::Labelled(value)).level().text(value)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, fmt::Display, sync::Arc};

    use crate::__text as text;

    #[test]
    fn texts_are_borrowed_and_the_rest_is_shown() {
        let owned = String::from("owned");
        assert_eq!(&*text!(owned), "owned");
        assert_eq!(&*text!(&owned), "owned");
        assert_eq!(&*text!("literal"), "literal");
        assert_eq!(&*text!(*owned), "owned");
        assert_eq!(&*text!(Cow::from("cow")), "cow");
        assert_eq!(&*text!(Arc::<str>::from("arc")), "arc");
        assert_eq!(text!(owned).as_ptr(), owned.as_ptr());
        assert_eq!(&*text!(5), "5");
        assert_eq!(&*text!(-0.5), "-0.5");
        assert_eq!(&*text!(true), "true");
        assert_eq!(&*text!('x'), "x");
        assert_eq!(&*text!(&&7_u8), "7");
    }

    #[test]
    fn an_absent_value_is_empty() {
        let (some, none) = (Some(String::from("gold")), None::<String>);
        assert_eq!(&*text!(some), "gold");
        assert_eq!(&*text!(&some), "gold");
        assert_eq!(&*text!(none), "");
        assert_eq!(&*text!(some.as_deref()), "gold");
        assert_eq!(&*text!(Some(5)), "5");
        assert_eq!(&*text!(&None::<u32>), "");
    }

    #[test]
    fn generic_code_and_temporaries_have_a_text() {
        fn shown<T: Display>(value: T) -> String {
            text!(value).to_string()
        }
        fn borrowed<T: AsRef<str>>(value: T) -> String {
            text!(value).to_string()
        }
        let shown_dyn: &dyn Display = &3;
        assert_eq!(shown(1), "1");
        assert_eq!(shown("a"), "a");
        assert_eq!(borrowed("b"), "b");
        assert_eq!(&*text!(shown_dyn), "3");
        assert_eq!(text!(format!("{}-{}", 1, 2)).len(), 3);
    }
}
