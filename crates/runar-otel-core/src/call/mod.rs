//! Metered calls under way: their guards, the chain that the current code runs in, the values of their labels.

pub(crate) mod add_label;
pub(crate) mod frames;
pub(crate) mod guard;
#[cfg(feature = "http")]
mod http;
pub(crate) mod in_async;
pub(crate) mod in_call;
pub(crate) mod in_sync;
pub(crate) mod until_drop;

pub use self::{
    add_label::add_label,
    frames::{SpanlessCall, spanless_call},
    guard::Call,
    in_async::{InAsync, InAsyncOpen, in_async, in_async_open},
    in_call::{InCall, in_call},
    in_sync::{in_sync, in_sync_open},
    until_drop::{UntilDrop, until_drop, watched},
};
