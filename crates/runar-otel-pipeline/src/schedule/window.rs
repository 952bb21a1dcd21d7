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
    /// True if the next part has been sent already, without success.
    is_sent: bool,
}

impl Window {
    /// Cuts a snapshot into parts of at most so many points and about so many bytes.
    pub(super) fn new(snapshot: Snapshot, points: usize, bytes: usize) -> Self {
        Self {
            parts: split(&snapshot, points, bytes).into(),
            snapshot: Arc::new(snapshot),
            is_sent: false,
        }
    }

    /// Returns the part that is sent next; `None` if all are gone.
    pub(super) fn next(&self) -> Option<&Part> {
        self.parts.front()
    }

    /// Describes the first data point of the next part, for messages.
    pub(super) fn next_name(&self) -> String {
        let name = self.next().map(|part| part.first_point(&self.snapshot));
        name.unwrap_or_default()
    }

    /// Returns the number of data points that are left.
    pub(super) fn points(&self) -> usize {
        self.parts.iter().map(Part::points).sum()
    }

    /// Removes the next part: it is delivered, or dropped.
    pub(super) fn remove(&mut self) {
        self.parts.pop_front();
        self.is_sent = false;
    }

    /// Notes that the next part is sent; `true` if it was sent before.
    pub(super) fn sends(&mut self) -> bool {
        std::mem::replace(&mut self.is_sent, true)
    }

    /// Cuts the next part into halves; `false` if it has a single point.
    pub(super) fn halve(&mut self) -> bool {
        let Some([first, second]) = self.next().and_then(Part::halves) else {
            return false;
        };
        self.parts.pop_front();
        self.parts.push_front(second);
        self.parts.push_front(first);
        self.is_sent = false;
        true
    }
}
