//! Traits that applications implement for outcomes, error types and labels of calls.

use std::borrow::Cow;

/// A value that can mean failure though it is no `Err`: a response with a status, for instance.
///
/// `#[metered]` asks what a function returns, and what stands in its `Ok`. Without this trait an `Err` is an error,
/// also in an `Option`; everything else is a success.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::Outcome;
///
/// struct Reply {
///     code: u16,
/// }
///
/// impl Outcome for Reply {
///     const ERROR_TYPES: &'static [&'static str] = &["refused"];
///
///     fn error_type(&self) -> Option<&'static str> {
///         (self.code >= 400).then_some("refused")
///     }
/// }
/// ```
pub trait Outcome {
    /// The error types that are counted from zero. Others may occur as well.
    const ERROR_TYPES: &'static [&'static str] = &[];

    /// The kind of error (label `error_type`), `None` for a success.
    fn error_type(&self) -> Option<&'static str>;
}

/// An error that knows its kind: the label `error_type`, of few different values.
///
/// `#[derive(ErrorType)]` makes it of the variants of an enum. An error without it is shown as `_OTHER`.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::ErrorType;
///
/// enum StoreError {
///     NotFound,
///     Busy,
/// }
///
/// impl ErrorType for StoreError {
///     const ERROR_TYPES: &'static [&'static str] = &["not_found", "busy"];
///
///     fn error_type(&self) -> &'static str {
///         match self {
///             Self::NotFound => "not_found",
///             Self::Busy => "busy",
///         }
///     }
/// }
/// ```
pub trait ErrorType {
    /// The kinds of error. They are counted from zero; a kind that is not in the list is shown as `_OTHER`.
    const ERROR_TYPES: &'static [&'static str];

    /// The kind of this error.
    fn error_type(&self) -> &'static str;
}

/// A type whose values know labels: the context that a host hands to an action.
///
/// A label that `#[metered(labels = ["user_tier"])]` declares takes its value from the first argument that
/// implements this trait and knows it, unless an argument has the name of the label.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use std::borrow::Cow;
/// use runar_otel::LabelSource;
///
/// struct Session {
///     tier: String,
/// }
///
/// impl LabelSource for Session {
///     fn label(&self, name: &str) -> Option<Cow<'_, str>> {
///         (name == "user_tier").then(|| self.tier.as_str().into())
///     }
/// }
/// ```
pub trait LabelSource {
    /// The value of a label, `None` if it is not known here.
    fn label(&self, name: &str) -> Option<Cow<'_, str>>;
}

macro_rules! behind {
    ($($pointer:ty),*) => {$(
        impl<T: Outcome + ?Sized> Outcome for $pointer {
            const ERROR_TYPES: &'static [&'static str] = T::ERROR_TYPES;

            fn error_type(&self) -> Option<&'static str> {
                (**self).error_type()
            }
        }

        impl<T: ErrorType + ?Sized> ErrorType for $pointer {
            const ERROR_TYPES: &'static [&'static str] = T::ERROR_TYPES;

            fn error_type(&self) -> &'static str {
                (**self).error_type()
            }
        }
    )*};
}
behind!(&T, Box<T>, std::sync::Arc<T>);

impl<T: LabelSource + ?Sized> LabelSource for &T {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        (**self).label(name)
    }
}

impl<T: LabelSource + ?Sized> LabelSource for &mut T {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        (**self).label(name)
    }
}

impl<T: LabelSource + ?Sized> LabelSource for Box<T> {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        (**self).label(name)
    }
}

impl<T: LabelSource + ?Sized> LabelSource for std::sync::Arc<T> {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        (**self).label(name)
    }
}
