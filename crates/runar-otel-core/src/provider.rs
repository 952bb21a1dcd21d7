//! The provider that handles record to: none before `init()`, one after it, another one after the next.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;

use crate::gate::Gate;

static CURRENT: ArcSwapOption<Gate> = ArcSwapOption::const_empty();

/// Raised after every change of `CURRENT`. Release pairs with Acquire: who sees the new generation also sees
/// the provider that it stands for.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Makes another gate the provider, or none.
pub(crate) fn replace(gate: Option<Arc<Gate>>) {
    CURRENT.store(gate);
    GENERATION.fetch_add(1, Ordering::Release);
}

pub(crate) fn current() -> Option<Arc<Gate>> {
    CURRENT.load_full()
}

#[inline]
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}
