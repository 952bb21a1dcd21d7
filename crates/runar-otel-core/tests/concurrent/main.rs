//! Concurrency: whatever threads do, every consumer sees every measurement once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod consumers;
mod limits;
mod retiring;
mod threads;
