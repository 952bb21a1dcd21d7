//! Progress of the consumers of deltas: their walks and acknowledgements.

use std::time::SystemTime;

/// A walk of a consumer of deltas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) slot: usize,
    pub(super) number: u32,
    /// The time of the walk that the consumer acknowledged last, at first the time at which the stream began. All
    /// deltas of the walk start there.
    pub(super) since: SystemTime,
}

/// The walks of the consumers of deltas.
#[derive(Debug)]
pub(super) struct Walks {
    /// The time at which the stream began.
    born: SystemTime,
    of_slots: Vec<ConsumerWalks>,
}

/// The walks of one consumer.
#[derive(Clone, Debug)]
struct ConsumerWalks {
    last: u32,
    /// The time of the last walk, once one has begun.
    time: SystemTime,
    /// The start of the next deltas, see [`Walk::since`].
    since: SystemTime,
}

impl Default for Walks {
    fn default() -> Self {
        Self::since(SystemTime::UNIX_EPOCH)
    }
}

impl Walks {
    /// Begins without walks, for a stream that begins at `born`.
    pub(super) fn since(born: SystemTime) -> Self {
        Self {
            born,
            of_slots: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, slot: usize, time: SystemTime) -> Walk {
        if self.of_slots.len() <= slot {
            let none = ConsumerWalks {
                last: 0,
                time: self.born,
                since: self.born,
            };
            self.of_slots.resize(slot + 1, none);
        }
        let mut walk = Walk {
            slot,
            number: 0,
            since: self.born,
        };
        if let Some(walks) = self.of_slots.get_mut(slot) {
            walks.last = walks.last.wrapping_add(1);
            walks.time = time.max(walks.time);
            (walk.number, walk.since) = (walks.last, walks.since);
        }
        walk
    }

    /// Notes that the consumer has everything that its last walk handed out. Returns the number of that walk.
    pub(super) fn acknowledge(&mut self, slot: usize) -> u32 {
        let Some(walks) = self.of_slots.get_mut(slot) else {
            return 0;
        };
        walks.since = walks.time;
        walks.last
    }
}
