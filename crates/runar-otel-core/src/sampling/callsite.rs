//! The place of a span, as `tracing` knows it.

use std::sync::atomic::{AtomicU8, Ordering};

use tracing::{Callsite, Metadata, subscriber::Interest};

/// The callsite of a place, as `tracing` knows it: registered with the metadata of the span, and informed about the
/// interest of subscribers.
#[derive(Debug)]
pub(crate) struct SpanCallsite {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) kind: Option<&'static str>,
    /// The interest of subscribers. No other memory depends on it, therefore relaxed.
    pub(crate) interest: AtomicU8,
}

pub(crate) const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
pub(crate) const ALWAYS: u8 = 2;

impl Callsite for SpanCallsite {
    fn set_interest(&self, interest: Interest) {
        let interest = if interest.is_always() {
            ALWAYS
        } else if interest.is_sometimes() {
            SOMETIMES
        } else {
            NEVER
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata
    }
}
