//! The stripe of a thread: the part of a striped cell that it writes to.

use std::{
    cell::Cell,
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    thread::available_parallelism,
};

use once_cell::race::OnceNonZeroUsize;

thread_local! {
    /// The stripe of this thread. Without a destructor, so that the stripe can be read at any time in the life of a
    /// thread, and without a look at the state of the thread-local (`tests/instructions`, *counter labels*).
    static INDEX: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The index of the next thread. It only counts up: no index is given back when a thread ends.
static NEXT: AtomicUsize = AtomicUsize::new(0);

static MOST: OnceNonZeroUsize = OnceNonZeroUsize::new();

/// The index of this thread, taken modulo the number of stripes by its users.
#[inline]
pub(crate) fn index() -> usize {
    match INDEX.get() {
        usize::MAX => first_index(),
        index => index,
    }
}

/// Gives this thread its index. Cold: [`index`] is a load and a comparison.
#[cold]
fn first_index() -> usize {
    let index = NEXT.fetch_add(1, Ordering::Relaxed) & (usize::MAX >> 1);
    INDEX.set(index);
    index
}

/// Moves this thread to the next stripe: it met another one on its own.
#[cold]
pub(crate) fn move_on() -> usize {
    let next = (index() + 1) & (usize::MAX >> 1);
    INDEX.set(next);
    next
}

/// The number of stripes of a cell: twice the cores as a power of two, 2 to 16.
pub(crate) fn most() -> usize {
    let most = MOST.get_or_init(|| {
        let cores = available_parallelism().map_or(4, usize::from);
        let most = (2 * cores).next_power_of_two().clamp(2, 16);
        NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN)
    });
    most.get()
}
