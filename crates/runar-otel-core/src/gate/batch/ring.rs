//! The ring: measurements of one thread that have not reached the SDK yet.

use super::sync::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// A queue of `LENGTH` measurements with one writer, its thread. One reader at a time empties it.
///
/// The writer looks once per `BATCH` measurements whether there is room for the next so many.
#[derive(Debug)]
pub(crate) struct Ring<const LENGTH: usize, const BATCH: usize> {
    /// Where the writer writes next. Only the writer stores it; Release publishes the slots before it.
    head: AtomicUsize,
    /// Where the reader reads next. Only a reader stores it; Release gives the slots before it back.
    tail: AtomicUsize,
    /// Relaxed: published by `head`, given back by `tail`.
    slots: [Slot; LENGTH],
}

#[derive(Debug)]
struct Slot {
    series: AtomicU32,
    value: AtomicU64,
}

/// What became of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is in the ring.
    In,
    /// It is, and completes a batch: to be drained if nobody else drains.
    Batch,
    /// There was no room for it.
    Full,
}

impl<const LENGTH: usize, const BATCH: usize> Ring<LENGTH, BATCH> {
    pub(crate) fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            slots: std::array::from_fn(|_| Slot {
                series: AtomicU32::new(0),
                value: AtomicU64::new(0),
            }),
        }
    }

    /// Adds a measurement. Only its own thread may call it.
    #[inline]
    pub(crate) fn push(&self, series: u32, value: u64) -> Pushed {
        let head = self.head.load(Ordering::Relaxed);
        let after = head.wrapping_add(1);
        // A reader leaves the tail anywhere: there must be room for a whole batch.
        if head.is_multiple_of(BATCH)
            && head.wrapping_sub(self.tail.load(Ordering::Acquire)) > LENGTH - BATCH
        {
            return Pushed::Full;
        }
        let Some(slot) = self.slots.get(head % LENGTH) else {
            return Pushed::Full;
        };
        slot.series.store(series, Ordering::Relaxed);
        slot.value.store(value, Ordering::Relaxed);
        self.head.store(after, Ordering::Release);
        if after.is_multiple_of(BATCH) {
            Pushed::Batch
        } else {
            Pushed::In
        }
    }

    /// Hands out what is there, in order. Only one thread at a time may call it.
    ///
    /// The tail moves with each measurement: one whose recording panics is gone, those after it are not.
    pub(crate) fn drain(&self, mut record: impl FnMut(u32, u64)) {
        let head = self.head.load(Ordering::Acquire);
        let mut tail = self.tail.load(Ordering::Relaxed);
        while tail != head {
            let Some(slot) = self.slots.get(tail % LENGTH) else {
                return;
            };
            let (series, value) = (
                slot.series.load(Ordering::Relaxed),
                slot.value.load(Ordering::Relaxed),
            );
            tail = tail.wrapping_add(1);
            self.tail.store(tail, Ordering::Release);
            record(series, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Ring = super::Ring<1024, 64>;

    fn drained(ring: &Ring) -> Vec<(u32, u64)> {
        let mut all = Vec::new();
        ring.drain(|series, value| all.push((series, value)));
        all
    }

    #[test]
    fn what_is_pushed_is_drained_in_order() {
        let ring = Ring::new();
        for value in 0..100 {
            let completes = ring.push(7, value) == Pushed::Batch;
            assert_eq!(completes, value == 63);
        }
        let expected: Vec<_> = (0..100).map(|value| (7, value)).collect();
        assert_eq!(drained(&ring), expected);
        assert!(drained(&ring).is_empty());
    }

    #[test]
    fn a_full_ring_takes_nothing_and_loses_nothing_wherever_its_tail_is() {
        for start in 0..130 {
            let ring = Ring::new();
            for _ in 0..start {
                let _ = ring.push(0, 0);
            }
            ring.drain(|_, _| {});
            let mut pushed = 0;
            while ring.push(1, pushed) != Pushed::Full {
                pushed += 1;
            }
            assert!(pushed >= 1024 - 2 * 64, "{start}");
            let expected: Vec<_> = (0..pushed).map(|value| (1, value)).collect();
            assert_eq!(drained(&ring), expected);
        }
    }

    #[test]
    fn a_panic_while_draining_takes_one_measurement_with_it() {
        let ring = Ring::new();
        for value in 0..3 {
            let _ = ring.push(0, value);
        }
        let panicking = std::panic::AssertUnwindSafe(|| {
            ring.drain(|_, value| assert!(value != 1, "bad measurement"));
        });
        assert!(std::panic::catch_unwind(panicking).is_err());
        assert_eq!(drained(&ring), [(0, 2)]);
    }
}
