//! The place of a span, as `tracing` knows it.

use std::sync::atomic::{AtomicU8, Ordering};

use tracing::{Callsite, Metadata, subscriber::Interest};

/// What `tracing` knows of a place. To `tracing` it is one more callsite with the metadata of the span, and is told
/// who is interested in it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) kind: Option<&'static str>,
    /// Stands alone, therefore relaxed.
    pub(crate) interest: AtomicU8,
}

pub(crate) const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
pub(crate) const ALWAYS: u8 = 2;

impl Callsite for Known {
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
