//! Threads of the model, where the production code expects those of the process.

#[path = "../../../src/threads/forked.rs"]
pub(crate) mod forked;
pub(crate) mod stripe;
pub(crate) mod sync;
