//! Error types that a return type declares.

use std::{fmt, marker::PhantomData};

use super::{
    traits::{ErrorType, Outcome},
    verdict::OTHER,
};

/// A probe for the error types of a type, see `error_types!`.
pub struct ErrorTypesOf<T>(pub PhantomData<T>);

impl<T> ErrorTypesOf<T> {
    /// Makes the probe of a type.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for ErrorTypesOf<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for ErrorTypesOf<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ErrorTypesOf")
    }
}

/// Lists the error types of a type, by the same levels as [`Judge`](super::Judge).
pub trait ErrorTypes {
    /// The error types, empty if the type declares none.
    fn error_types(&self) -> &'static [&'static str];
}

impl<T> ErrorTypes for ErrorTypesOf<T> {
    fn error_types(&self) -> &'static [&'static str] {
        &[]
    }
}

impl<T, E> ErrorTypes for &ErrorTypesOf<Result<T, E>> {
    fn error_types(&self) -> &'static [&'static str] {
        &[OTHER]
    }
}

impl<T: Outcome, E> ErrorTypes for &&ErrorTypesOf<Result<T, E>> {
    fn error_types(&self) -> &'static [&'static str] {
        both(&[OTHER], T::ERROR_TYPES)
    }
}

impl<T, E: ErrorType> ErrorTypes for &&&ErrorTypesOf<Result<T, E>> {
    fn error_types(&self) -> &'static [&'static str] {
        E::ERROR_TYPES
    }
}

impl<T: Outcome, E: ErrorType> ErrorTypes for &&&&ErrorTypesOf<Result<T, E>> {
    fn error_types(&self) -> &'static [&'static str] {
        both(E::ERROR_TYPES, T::ERROR_TYPES)
    }
}

impl<T: Outcome> ErrorTypes for &&&&&ErrorTypesOf<T> {
    fn error_types(&self) -> &'static [&'static str] {
        T::ERROR_TYPES
    }
}

impl<T, E> ErrorTypes for &ErrorTypesOf<Option<Result<T, E>>> {
    fn error_types(&self) -> &'static [&'static str] {
        &[OTHER]
    }
}

impl<T, E: ErrorType> ErrorTypes for &&&ErrorTypesOf<Option<Result<T, E>>> {
    fn error_types(&self) -> &'static [&'static str] {
        E::ERROR_TYPES
    }
}

/// Joins two lists. The result stays for the life of the process: it is made once per function.
fn both(one: &'static [&'static str], other: &'static [&'static str]) -> &'static [&'static str] {
    match (one, other) {
        (list, []) | ([], list) => list,
        _ => [one, other].concat().leak(),
    }
}

/// The error types that a return type declares: `error_types!(Result<User, StoreError>)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __error_types {
    ($type:ty) => {{
        use $crate::__private::ErrorTypes as _;
        (&&&&&&$crate::__private::ErrorTypesOf::<$type>::new()).error_types()
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Typed(&'static str);

    impl ErrorType for Typed {
        const ERROR_TYPES: &'static [&'static str] = &["busy"];

        fn error_type(&self) -> &'static str {
            self.0
        }
    }

    struct Reply(Option<&'static str>);

    impl Outcome for Reply {
        const ERROR_TYPES: &'static [&'static str] = &["refused"];

        fn error_type(&self) -> Option<&'static str> {
            self.0
        }
    }

    struct Plain;

    #[test]
    fn error_types_are_listed_by_the_same_levels() {
        assert!(__error_types!(u8).is_empty());
        assert!(__error_types!(Option<u8>).is_empty());
        assert_eq!(__error_types!(Result<(), Plain>), [OTHER]);
        assert_eq!(__error_types!(Result<(), Typed>), ["busy"]);
        assert_eq!(__error_types!(Result<Reply, Typed>), ["busy", "refused"]);
        assert_eq!(__error_types!(Result<Reply, Plain>), [OTHER, "refused"]);
        assert_eq!(__error_types!(Reply), ["refused"]);
        assert_eq!(__error_types!(Option<Result<(), Plain>>), [OTHER]);
        assert_eq!(__error_types!(Option<Result<(), Typed>>), ["busy"]);
        assert_eq!(__error_types!(Result<(), Box<Typed>>), ["busy"]);
    }
}
