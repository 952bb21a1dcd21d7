//! The kit, as a user meets it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod assertions;
mod catalogue;
mod declared;
mod limits;
mod observed;
mod receiver;
mod recorder;
mod retired;
mod scrapes;

/// What a failing assertion says.
fn panic_message(work: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(work).expect_err("the assertion holds");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => String::new(),
    }
}
