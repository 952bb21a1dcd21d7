//! Progress of the consumers of deltas: their walks and acknowledgements.

use std::time::{Duration, SystemTime};

/// A walk of a consumer of deltas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) slot: usize,
    pub(super) number: u32,
    /// The time of the walk that the consumer acknowledged last, at first the time at which the stream began. All
    /// deltas of the walk start there.
    pub(super) since: SystemTime,
    /// The time of the walk, after its start even if the clock was set back: windows of one start and time would be the
    /// same to a receiver.
    pub(super) time: SystemTime,
}

/// The least length of a window, 1 µs.
const SHORTEST: Duration = Duration::from_micros(1);

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
            time,
        };
        if let Some(walks) = self.of_slots.get_mut(slot) {
            walks.last = walks.last.wrapping_add(1);
            walks.time = time.max(walks.time).max(walks.since + SHORTEST);
            (walk.number, walk.since, walk.time) = (walks.last, walks.since, walks.time);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_stay_adjacent_and_apart_while_the_clock_is_behind() {
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let mut walks = Walks::since(begin);
        let mut end = begin;
        for seconds in [1010, 400, 401, 402, 1020] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let walk = walks.begin(0, time);
            assert_eq!(walk.since, end);
            assert!(walk.time > walk.since, "{seconds}");
            walks.acknowledge(0);
            end = walk.time;
        }
        assert_eq!(end, SystemTime::UNIX_EPOCH + Duration::from_secs(1020));
    }
}
