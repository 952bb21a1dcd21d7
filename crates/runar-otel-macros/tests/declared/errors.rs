//! `#[derive(ErrorType)]`.

use runar_otel_core::ErrorType as _;
use runar_otel_macros::ErrorType;

#[derive(ErrorType)]
enum Inner {
    Busy,
    #[error_type("gone")]
    NotThere(u8),
}

#[derive(ErrorType)]
enum StoreError<T> {
    HTTPError(T),
    Closed { code: u8 },
}

#[derive(ErrorType)]
#[error_type(crate = runar_otel_core)]
enum Outer {
    #[error_type(name = "timeout")]
    Elapsed,
    #[error_type(transparent)]
    Inner(Inner),
    #[error_type(transparent)]
    Named { cause: Wrapped },
}

#[derive(ErrorType)]
#[error_type(transparent)]
struct Wrapped(Inner);

#[derive(ErrorType)]
struct Refused {
    code: u8,
}

#[derive(ErrorType)]
enum Never {}

#[test]
fn a_variant_is_shown_in_snake_case() {
    assert_eq!(StoreError::<u8>::ERROR_TYPES, ["http_error", "closed"]);
    let StoreError::HTTPError(one) = StoreError::HTTPError(1_u8) else {
        panic!("another variant");
    };
    assert_eq!(StoreError::HTTPError(one).error_type(), "http_error");
    let closed = StoreError::<u8>::Closed { code: 1 };
    assert!(matches!(closed, StoreError::Closed { code: 1 }));
    assert_eq!(closed.error_type(), "closed");
    let refused = Refused { code: 4 };
    assert_eq!((refused.error_type(), refused.code), ("refused", 4));
    assert!(Never::ERROR_TYPES.is_empty());
}

#[test]
fn a_transparent_error_shows_what_is_inside() {
    assert_eq!(
        Outer::ERROR_TYPES,
        ["timeout", "busy", "gone", "busy", "gone"]
    );
    assert_eq!(Outer::Elapsed.error_type(), "timeout");
    assert_eq!(Outer::Inner(Inner::NotThere(1)).error_type(), "gone");
    let cause = Wrapped(Inner::Busy);
    assert_eq!(Outer::Named { cause }.error_type(), "busy");
    assert!(matches!(Inner::NotThere(1), Inner::NotThere(1)));
}
