//! The body of a function, run within its call.

use std::borrow::BorrowMut;

use super::guard::Call;
use crate::outcome::verdict::Verdict;

/// Runs the body of a function within its call. The call ends when the body returns or panics.
#[inline]
pub fn in_sync<R>(
    mut call: impl BorrowMut<Call>,
    body: impl FnOnce() -> R,
    verdict: impl FnOnce(&R) -> Verdict,
) -> R {
    let call = call.borrow_mut();
    let returned = {
        let mut part = call.only_part();
        let returned = body();
        part.ends(Some(verdict(&returned)));
        returned
    };
    call.over();
    returned
}

/// Runs the body of a function within its call, and returns the call with the result, so that it can last as long as a
/// returned stream or body.
pub fn in_sync_open<R>(mut call: Call, body: impl FnOnce() -> R) -> (Call, R) {
    let returned = call.run(|| (body(), None));
    (call, returned)
}
