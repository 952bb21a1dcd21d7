//! The ring: measurements of one thread that have not reached the SDK yet.

use super::sync::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// A queue of `LENGTH` measurements with one writer, its thread. One reader at a time empties it.
///
/// The writer looks once per `BATCH` measurements whether there is room for the next so many. Rings of different threads
/// share no cache line.
#[derive(Debug)]
#[repr(align(128))]
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

    /// Adds a measurement; not the first one of a batch, which has to ask for room. Only its own thread may call it.
    #[inline]
    #[must_use]
    pub(crate) fn push(&self, series: u32, value: u64) -> bool {
        let head = self.head.load(Ordering::Relaxed);
        let inside = !head.is_multiple_of(BATCH);
        if inside {
            self.put(head, series, value);
        }
        inside
    }

    /// Adds the first measurement of a batch if there is room for all of it: a reader leaves the tail anywhere. Only its
    /// own thread may call it.
    #[must_use]
    pub(crate) fn push_first(&self, series: u32, value: u64) -> bool {
        let room = self.waiting() <= LENGTH - BATCH;
        if room {
            self.put(self.head.load(Ordering::Relaxed), series, value);
        }
        room
    }

    #[inline]
    fn put(&self, head: usize, series: u32, value: u64) {
        if let Some(slot) = self.slots.get(head % LENGTH) {
            slot.series.store(series, Ordering::Relaxed);
            slot.value.store(value, Ordering::Relaxed);
        }
        self.head.store(head.wrapping_add(1), Ordering::Release);
    }

    /// How many measurements are in it. Only its own thread may call it.
    pub(crate) fn waiting(&self) -> usize {
        let head = self.head.load(Ordering::Relaxed);
        head.wrapping_sub(self.tail.load(Ordering::Acquire))
    }

    /// Hands out what is there, in order, some at a time: for which series, and the values. Only one thread at a time may
    /// call it.
    ///
    /// The tail moves before they are recorded: what panics is gone, what follows is not.
    pub(crate) fn drain(&self, mut record: impl FnMut(&[u32], &[u64])) {
        let head = self.head.load(Ordering::Acquire);
        let mut tail = self.tail.load(Ordering::Relaxed);
        let (mut series, mut values) = ([0; BATCH], [0; BATCH]);
        while tail != head {
            let count = head.wrapping_sub(tail).min(BATCH);
            for (series, value) in series.iter_mut().zip(&mut values).take(count) {
                if let Some(slot) = self.slots.get(tail % LENGTH) {
                    *series = slot.series.load(Ordering::Relaxed);
                    *value = slot.value.load(Ordering::Relaxed);
                }
                tail = tail.wrapping_add(1);
            }
            self.tail.store(tail, Ordering::Release);
            if let (Some(series), Some(values)) = (series.get(..count), values.get(..count)) {
                record(series, values);
            }
        }
    }
}
