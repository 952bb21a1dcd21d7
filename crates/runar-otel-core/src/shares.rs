//! Shares: what each thread has added to counts of what is under way.
//!
//! A call is counted twice, when it begins and when it ends. One number for all threads would be fetched by each of them
//! from the one before. So a thread writes to a number of its own, and who reads adds them up. A call may end on another
//! thread than it began on: then one share grows and another one shrinks, one of them below 0; their sum is right.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use crate::thread;

/// Numbers are made room for so many at a time.
const PAGE: usize = 64;

/// With as many pages there are shares of 4095 counts; what comes beyond has none.
const PAGES: usize = 64;

/// The shares of one thread in all counts.
///
/// Relaxed: a share stands for itself. Only its thread writes it, so that a load and a store are an addition.
#[derive(Debug)]
pub(crate) struct Shares {
    pages: [OnceLock<Box<[AtomicI64; PAGE]>>; PAGES],
}

/// The number of a count.
pub(crate) type Count = NonZeroU32;

/// Everybody's shares. Nothing is made, awaited or called under its lock.
struct All {
    threads: Vec<Arc<Shares>>,
    /// What threads have left that are gone, by the number of the count.
    left: Vec<i64>,
    /// How many numbers there are.
    counts: u32,
}

static ALL: Mutex<All> = Mutex::new(All {
    threads: Vec::new(),
    left: Vec::new(),
    counts: 0,
});

fn all() -> MutexGuard<'static, All> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number for one more count; `None` if there are too many.
pub(crate) fn new_count() -> Option<Count> {
    let mut all = all();
    let next = all.counts + 1;
    let number = Count::new(next).filter(|_| (next as usize) < PAGE * PAGES);
    if number.is_some() {
        all.counts = next;
    }
    number
}

/// Adds to the share of this thread. `false` if it has none, being at its end.
#[inline]
#[must_use]
pub(crate) fn add(count: Count, by: i64) -> bool {
    let add = |thread: &thread::Thread| thread.shares().is_some_and(|shares| shares.add(count, by));
    thread::here(add) == Some(true) || add_first(count, by)
}

#[cold]
fn add_first(count: Count, by: i64) -> bool {
    let add = |thread: &thread::Thread| {
        let shares = thread.make_shares();
        shares.make_page(count);
        shares.add(count, by)
    };
    thread::here(add).unwrap_or(false)
}

/// What all threads have added. While they do, it may be off by what is moved from one thread to another.
pub(crate) fn sum(count: Count) -> i64 {
    let all = all();
    let left = all.left.get(index(count)).copied().unwrap_or(0);
    let shares = all.threads.iter().filter_map(|shares| shares.of(count));
    shares.fold(left, |sum, share| {
        sum.wrapping_add(share.load(Ordering::Relaxed))
    })
}

fn index(count: Count) -> usize {
    count.get() as usize
}

impl Shares {
    /// Those of a thread, known to all who read.
    pub(crate) fn of_a_thread() -> Arc<Self> {
        let shares = Arc::new(Self {
            pages: [const { OnceLock::new() }; PAGES],
        });
        all().threads.push(shares.clone());
        shares
    }

    /// Keeps what a thread has added that ends.
    pub(crate) fn end(shares: &Arc<Self>) {
        let mut all = all();
        all.threads.retain(|other| !Arc::ptr_eq(other, shares));
        let counts = all.counts as usize + 1;
        all.left.resize(counts, 0);
        for (number, left) in (0..all.counts)
            .map(|at| at + 1)
            .zip(all.left.iter_mut().skip(1))
        {
            let share = Count::new(number).and_then(|number| shares.of(number));
            *left = left.wrapping_add(share.map_or(0, |share| share.load(Ordering::Relaxed)));
        }
    }

    #[inline]
    fn of(&self, count: Count) -> Option<&AtomicI64> {
        let page = self.pages.get(index(count) / PAGE)?.get()?;
        page.get(index(count) % PAGE)
    }

    #[inline]
    fn add(&self, count: Count, by: i64) -> bool {
        let share = self.of(count);
        if let Some(share) = share {
            let next = share.load(Ordering::Relaxed).wrapping_add(by);
            share.store(next, Ordering::Relaxed);
        }
        share.is_some()
    }

    fn make_page(&self, count: Count) {
        if let Some(page) = self.pages.get(index(count) / PAGE) {
            page.get_or_init(|| Box::new([const { AtomicI64::new(0) }; PAGE]));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_ends_on_another_thread_is_over() {
        let count = new_count().unwrap();
        let (send, begun) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..100 {
                    assert!(add(count, 1));
                    send.send(()).unwrap();
                }
            });
            scope.spawn(move || {
                for () in begun.iter().take(70) {
                    assert!(add(count, -1));
                }
            });
        });
        assert_eq!(sum(count), 30);
        assert!(add(count, -30));
        assert_eq!(sum(count), 0);
    }

    #[test]
    fn threads_that_end_leave_their_shares() {
        let (one, other) = (new_count().unwrap(), new_count().unwrap());
        for at in 1..=3 {
            let add = || (add(one, at), add(other, -at));
            let added = std::thread::scope(|scope| scope.spawn(add).join()).unwrap();
            assert_eq!(added, (true, true));
        }
        assert_eq!((sum(one), sum(other)), (6, -6));
    }

    #[test]
    fn a_thread_at_its_end_has_no_share() {
        struct Late(Count);
        impl Drop for Late {
            fn drop(&mut self) {
                assert!(!add(self.0, 1));
            }
        }
        thread_local!(static LATE: std::cell::OnceCell<Late> = const { std::cell::OnceCell::new() });
        let count = new_count().unwrap();
        let work = || {
            // Dropped after what was born later.
            LATE.with(|late| assert!(late.set(Late(count)).is_ok()));
            assert!(add(count, 1));
        };
        std::thread::scope(|scope| scope.spawn(work).join()).unwrap();
        assert_eq!(sum(count), 1);
    }
}
