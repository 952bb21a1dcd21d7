//! Threads: the context and the stripe of each, work that a thread does aside, forked processes.

pub(crate) mod apart;
pub(crate) mod aside;
pub mod context;
#[doc(hidden)]
pub mod forked;
pub(crate) mod stripe;
pub(crate) mod sync;
