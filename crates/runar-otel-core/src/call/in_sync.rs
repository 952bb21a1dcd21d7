//! The body of a function, run within its call.

use super::{guard::Call, verdict::Verdict};

/// Runs the body of a function within its call. The call ends when the body returns or panics.
pub fn in_sync<R>(
    mut call: Call,
    body: impl FnOnce() -> R,
    verdict: impl FnOnce(&R) -> Verdict,
) -> R {
    call.run(|| {
        let returned = body();
        let verdict = verdict(&returned);
        (returned, Some(verdict))
    })
}

/// Runs the body of a function within its call, which goes on after it: in what the function returns.
pub fn in_sync_open<R>(mut call: Call, body: impl FnOnce() -> R) -> (Call, R) {
    let returned = call.run(|| (body(), None));
    (call, returned)
}
