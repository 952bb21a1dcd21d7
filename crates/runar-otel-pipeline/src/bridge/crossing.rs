//! The guard against a collection that comes round to itself.

use std::cell::Cell;

thread_local! {
    static UNDER_WAY: Cell<bool> = const { Cell::new(false) };
}

/// The right to cross the bridge on this thread, given to one collection at a time.
///
/// The other direction is closed as well: a registry that gathers holds its lock and must not be asked to gather
/// again, and would report its own metrics a second time through us.
#[derive(Debug)]
pub(super) struct Crossing(());

impl Crossing {
    /// Starts to cross; `None` while this thread crosses already.
    pub(super) fn enter() -> Option<Self> {
        // A thread that is about to end has lost its flag; it must not cross any more.
        let before = UNDER_WAY
            .try_with(|flag| flag.replace(true))
            .unwrap_or(true);
        (!before).then_some(Self(()))
    }
}

impl Drop for Crossing {
    fn drop(&mut self) {
        let _ = UNDER_WAY.try_with(|flag| flag.set(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_per_thread() {
        let crossing = Crossing::enter();
        assert!(crossing.is_some());
        assert!(Crossing::enter().is_none());
        drop(crossing);
        assert!(Crossing::enter().is_some());
    }
}
