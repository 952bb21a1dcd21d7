//! The claim to be the telemetry of this process.

use std::sync::atomic::{AtomicBool, Ordering};

/// True while telemetry runs in this process. Acquire and Release: a caller that finds telemetry stopped also sees all
/// effects of the shutdown before.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// The claim of the telemetry that runs; when the claim is dropped, the next `init()` can begin.
#[derive(Debug)]
pub(crate) struct Claim(());

impl Claim {
    /// Takes the claim, unless telemetry runs.
    pub(crate) fn take() -> Option<Self> {
        (!RUNNING.swap(true, Ordering::AcqRel)).then(|| Self(()))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        RUNNING.store(false, Ordering::Release);
    }
}
