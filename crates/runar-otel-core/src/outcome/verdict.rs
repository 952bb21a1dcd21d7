//! Verdicts: the end of a call, by the value that it returned.

use std::fmt;

use super::traits::{ErrorType, Outcome};

/// The error type of an error without a better one.
pub(crate) const OTHER: &str = "_OTHER";

/// The verdict on a call that returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The outcome `ok`.
    Ok,
    /// The outcome `error`, with its error type.
    Error(&'static str),
}

impl From<Option<&'static str>> for Verdict {
    fn from(error: Option<&'static str>) -> Self {
        error.map_or(Self::Ok, Self::Error)
    }
}

/// A returned value to be judged, see `verdict!`.
#[derive(Clone, Copy)]
pub struct Judged<'a, T>(pub &'a T);

impl<T> fmt::Debug for Judged<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Judged")
    }
}

/// Judges a returned value. A value of any type is fine; the impls on more references are tried first.
pub trait Judge {
    /// Returns the verdict; `Ok` for a type that means no failure.
    fn judge(&self) -> Verdict;
}

impl<T> Judge for Judged<'_, T> {
    fn judge(&self) -> Verdict {
        Verdict::Ok
    }
}

impl<T, E> Judge for &Judged<'_, Result<T, E>> {
    fn judge(&self) -> Verdict {
        match self.0 {
            Ok(_) => Verdict::Ok,
            Err(_) => Verdict::Error(OTHER),
        }
    }
}

impl<T: Outcome, E> Judge for &&Judged<'_, Result<T, E>> {
    fn judge(&self) -> Verdict {
        match self.0 {
            Ok(value) => value.error_type().into(),
            Err(_) => Verdict::Error(OTHER),
        }
    }
}

impl<T, E: ErrorType> Judge for &&&Judged<'_, Result<T, E>> {
    fn judge(&self) -> Verdict {
        match self.0 {
            Ok(_) => Verdict::Ok,
            Err(error) => Verdict::Error(kind_of(error)),
        }
    }
}

impl<T: Outcome, E: ErrorType> Judge for &&&&Judged<'_, Result<T, E>> {
    fn judge(&self) -> Verdict {
        match self.0 {
            Ok(value) => value.error_type().into(),
            Err(error) => Verdict::Error(kind_of(error)),
        }
    }
}

impl<T: Outcome> Judge for &&&&&Judged<'_, T> {
    fn judge(&self) -> Verdict {
        self.0.error_type().into()
    }
}

/// Judges the item that `next` of a stream or an iterator returns.
impl<T, E> Judge for &Judged<'_, Option<Result<T, E>>> {
    fn judge(&self) -> Verdict {
        match self.0 {
            Some(result) => (&&Judged(result)).judge(),
            None => Verdict::Ok,
        }
    }
}

impl<T, E: ErrorType> Judge for &&&Judged<'_, Option<Result<T, E>>> {
    fn judge(&self) -> Verdict {
        match self.0 {
            Some(result) => (&&&&Judged(result)).judge(),
            None => Verdict::Ok,
        }
    }
}

/// The kind of an error; `_OTHER` if it is not in the list of its type.
pub(crate) fn kind_of<E: ErrorType>(error: &E) -> &'static str {
    let kind = error.error_type();
    if E::ERROR_TYPES.contains(&kind) {
        kind
    } else {
        OTHER
    }
}

/// The verdict on a returned value: `verdict!(&value)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __verdict {
    ($value:expr) => {{
        use $crate::__private::Judge as _;
        (&&&&&&$crate::__private::Judged($value)).judge()
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
    fn the_most_specific_verdict_wins() {
        let refused = Verdict::Error("refused");
        let other = Verdict::Error(OTHER);
        assert_eq!(__verdict!(&5), Verdict::Ok);
        assert_eq!(__verdict!(&None::<u8>), Verdict::Ok);
        assert_eq!(__verdict!(&Err::<(), _>(Plain)), other);
        assert_eq!(__verdict!(&Some(Err::<(), _>(Plain))), other);
        assert_eq!(__verdict!(&None::<Result<u8, Plain>>), Verdict::Ok);
        assert_eq!(
            __verdict!(&Some(Err::<(), _>(Typed("busy")))),
            Verdict::Error("busy")
        );
        assert_eq!(__verdict!(&Ok::<_, Plain>(())), Verdict::Ok);
        assert_eq!(__verdict!(&Ok::<_, Plain>(Reply(Some("refused")))), refused);
        assert_eq!(__verdict!(&Err::<Reply, _>(Plain)), other);
        assert_eq!(
            __verdict!(&Err::<(), _>(Typed("busy"))),
            Verdict::Error("busy")
        );
        assert_eq!(__verdict!(&Ok::<_, Typed>(Reply(Some("refused")))), refused);
        assert_eq!(
            __verdict!(&Err::<Reply, _>(Typed("busy"))),
            Verdict::Error("busy")
        );
        assert_eq!(__verdict!(&Reply(Some("refused"))), refused);
        assert_eq!(__verdict!(&Reply(None)), Verdict::Ok);
    }

    #[test]
    fn an_error_type_that_is_not_declared_is_shown_as_other() {
        assert_eq!(
            __verdict!(&Err::<(), _>(Typed("a surprise"))),
            Verdict::Error(OTHER)
        );
    }

    #[test]
    fn a_generic_function_has_a_verdict_too() {
        fn ask<T, E>(result: &Result<T, E>) -> Verdict {
            __verdict!(result)
        }
        fn typed<T, E: ErrorType>(result: &Result<T, E>) -> Verdict {
            __verdict!(result)
        }
        assert_eq!(ask(&Err::<(), _>(Typed("busy"))), Verdict::Error(OTHER));
        assert_eq!(typed(&Err::<(), _>(Typed("busy"))), Verdict::Error("busy"));
    }
}
