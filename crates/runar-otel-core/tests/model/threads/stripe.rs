//! Stripes of the model's threads: as in production, but for the number of stripes.

use std::cell::Cell;

use crate::threads::sync::atomic::{AtomicUsize, Ordering};

const STRIPES: usize = 2;

loom::lazy_static! {
    static ref NEXT: AtomicUsize = AtomicUsize::new(0);
}

loom::thread_local! {
    static INDEX: Cell<usize> = Cell::new(usize::MAX);
}

pub(crate) fn index() -> usize {
    INDEX.with(|index| {
        if index.get() == usize::MAX {
            index.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        index.get()
    })
}

pub(crate) fn move_on() -> usize {
    let next = index() + 1;
    INDEX.with(|index| index.set(next));
    next
}

pub(crate) fn most() -> usize {
    STRIPES
}
