//! Failing a test.

/// Fails the test at the line that called the kit.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub(crate) fn fail(message: &str) -> ! {
    panic!("{message}");
}
