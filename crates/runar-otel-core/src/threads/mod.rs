//! Threads: the context and the stripe of each, work that a thread does aside, forked processes.

pub(crate) mod background_queue;
pub mod context;
pub(crate) mod deferred_drop;
#[doc(hidden)]
pub mod forked;
pub(crate) mod stripe;
pub(crate) mod sync;
