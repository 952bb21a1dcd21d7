//! Exponential histograms: parts behind locks that are held for some arithmetic, and that nobody waits for.

use std::sync::{PoisonError, TryLockError};

use super::CellShape;
use crate::{
    series::value::{Aggregate as _, ExponentialHistogram},
    threads::{
        forked, stripe,
        sync::{Mutex, MutexGuard, OnceBox},
    },
};

/// The number of times that all parts are tried before a thread waits for one: other threads hold a part only for some
/// arithmetic. In a process that was forked meanwhile parts stay locked for ever; a value that finds no free part there
/// is not counted.
const ROUNDS: usize = 64;

/// The parts of an exponential histogram. Rescaling moves counts from bucket to bucket, which plain atomics cannot do.
#[derive(Debug)]
pub(super) struct ExponentialParts(Box<[OnceBox<Mutex<ExponentialHistogram>>]>);

impl ExponentialParts {
    pub(super) fn new() -> Self {
        let none = std::iter::repeat_with(OnceBox::new);
        Self(none.take(stripe::most()).collect())
    }

    /// Counts a value in the first part that is free; another part is made only if all existing ones are taken. Threads
    /// wait for nobody; the price is a histogram for each thread that met another one.
    pub(super) fn add_value(&self, shape: &CellShape, value: f64) {
        let start = if self.is_striped() {
            stripe::index()
        } else {
            0
        };
        for round in 0..ROUNDS {
            for step in 0..self.0.len() {
                let at = (start + step) & (self.0.len() - 1);
                let Some(place) = self.0.get(at) else { return };
                let part = place.get_or_init(|| Box::new(Mutex::new(shape.empty_exponential())));
                if let Some(mut part) = try_lock(part) {
                    part.add(value, shape.max_size);
                    return;
                }
            }
            if round > 0 {
                std::thread::yield_now();
            }
        }
        let first = self.0.first().and_then(OnceBox::get);
        if let Some(mut part) = first.and_then(lock) {
            part.add(value, shape.max_size);
        }
    }

    /// True once threads have met: then each thread begins with its own part.
    fn is_striped(&self) -> bool {
        self.0.get(1).is_some_and(|second| second.get().is_some())
    }

    pub(super) fn value(&self, shape: &CellShape) -> ExponentialHistogram {
        self.all(shape, |part| part.clone())
    }

    pub(super) fn take(&self, shape: &CellShape) -> ExponentialHistogram {
        self.all(shape, |part| {
            std::mem::replace(part, shape.empty_exponential())
        })
    }

    /// Adds the value of another cell.
    pub(super) fn absorb(&self, shape: &CellShape, other: &ExponentialHistogram) {
        let first = self.0.first();
        let part = first
            .map(|place| place.get_or_init(|| Box::new(Mutex::new(shape.empty_exponential()))));
        if let Some(mut part) = part.and_then(lock) {
            part.absorb(other, shape.max_size);
        }
    }

    fn all(
        &self,
        shape: &CellShape,
        read: impl Fn(&mut ExponentialHistogram) -> ExponentialHistogram,
    ) -> ExponentialHistogram {
        let mut whole = shape.empty_exponential();
        for part in self.0.iter().filter_map(OnceBox::get) {
            if let Some(mut part) = lock(part) {
                whole.absorb(&read(&mut part), shape.max_size);
            }
        }
        whole
    }
}

fn try_lock<T>(part: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match part.try_lock() {
        Ok(part) => Some(part),
        Err(TryLockError::Poisoned(part)) => Some(part.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Waits for a part; `None` in a forked process.
fn lock<T>(part: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    if let Some(part) = try_lock(part) {
        return Some(part);
    }
    let waits = !forked::is_child();
    waits.then(|| part.lock().unwrap_or_else(PoisonError::into_inner))
}
