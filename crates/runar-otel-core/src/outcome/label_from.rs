//! Labels whose values an argument of the function knows.

use std::{borrow::Cow, fmt};

use super::traits::LabelSource;

/// A probe for a label of an argument, see `label_from!`.
pub struct LabelOf<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> fmt::Debug for LabelOf<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LabelOf")
    }
}

/// Gives the label if the argument's type is a [`LabelSource`]; the impl on the reference is tried first.
pub trait LabelFrom<'a> {
    /// The value of the label; `None` if the argument does not know it.
    fn label_from(&self, name: &str) -> Option<Cow<'a, str>>;
}

impl<'a, T: ?Sized> LabelFrom<'a> for LabelOf<'a, T> {
    fn label_from(&self, _name: &str) -> Option<Cow<'a, str>> {
        None
    }
}

impl<'a, T: LabelSource + ?Sized> LabelFrom<'a> for &LabelOf<'a, T> {
    fn label_from(&self, name: &str) -> Option<Cow<'a, str>> {
        self.0.label(name)
    }
}

/// The label that an argument knows: `label_from!(&argument, "name")`.
#[doc(hidden)]
#[macro_export]
macro_rules! __label_from {
    ($argument:expr, $name:expr) => {{
        use $crate::__private::LabelFrom as _;
        (&&$crate::__private::LabelOf($argument)).label_from($name)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_from_arguments_that_know_them() {
        struct Context {
            tier: String,
        }
        impl LabelSource for Context {
            fn label(&self, name: &str) -> Option<Cow<'_, str>> {
                (name == "tier").then_some(Cow::Borrowed(self.tier.as_str()))
            }
        }
        let context = &Context {
            tier: "gold".to_owned(),
        };
        assert_eq!(__label_from!(&context, "tier").as_deref(), Some("gold"));
        assert_eq!(__label_from!(context, "tier").as_deref(), Some("gold"));
        assert_eq!(__label_from!(&context, "other"), None);
        assert_eq!(__label_from!(&7, "tier"), None);
        assert_eq!(__label_from!("text", "tier"), None);
    }
}
