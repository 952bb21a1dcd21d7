//! The window: what is on its way to a destination.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    encode::otlp::{Part, split},
    snapshot::Snapshot,
};

/// A snapshot on its way, frozen: its parts keep their start, time and values until each is delivered or dropped.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) snapshot: Arc<Snapshot>,
    parts: VecDeque<Part>,
}

impl Window {
    /// Cuts a snapshot into parts of at most so many points and about so many bytes.
    pub(super) fn new(snapshot: Snapshot, points: usize, bytes: usize) -> Self {
        Self {
            parts: split(&snapshot, points, bytes).into(),
            snapshot: Arc::new(snapshot),
        }
    }

    /// Returns the part that is sent next; `None` if all are gone.
    pub(super) fn next(&self) -> Option<&Part> {
        self.parts.front()
    }

    /// Returns the number of data points that are left.
    pub(super) fn points(&self) -> usize {
        self.parts.iter().map(Part::points).sum()
    }

    /// Removes the next part: it is delivered, or dropped.
    pub(super) fn remove(&mut self) {
        self.parts.pop_front();
    }

    /// Cuts the next part into halves; `false` if it has a single point.
    pub(super) fn halve(&mut self) -> bool {
        let Some([first, second]) = self.next().and_then(Part::halves) else {
            return false;
        };
        self.parts.pop_front();
        self.parts.push_front(second);
        self.parts.push_front(first);
        true
    }
}
