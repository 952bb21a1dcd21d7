//! Sharing of collections among concurrent callers.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    thread::{self, ThreadId},
};

/// Runs one collection at a time, and no more of them than needed.
///
/// A caller gets the effect of a collection that *started* after the call, perhaps on another thread. A collection that
/// was already under way is not enough: it may have missed what the caller recorded just before.
#[derive(Debug, Default)]
pub(super) struct Coalesce {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    started: u64,
    finished: u64,
    runner: Option<ThreadId>,
    waiting: usize,
}

impl Coalesce {
    /// Runs a collection or waits for one that serves as well.
    ///
    /// Does nothing when called from within a collection, which would wait for itself for ever.
    pub(super) fn run(&self, collect: impl FnOnce()) {
        let own = thread::current().id();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let needed = state.started + 1;
        while state.runner.is_some() && state.finished < needed {
            if state.runner == Some(own) {
                return;
            }
            state.waiting += 1;
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        if state.finished >= needed {
            return;
        }
        state.started = needed;
        state.runner = Some(own);
        drop(state);
        let _finish = Finish {
            shared: self,
            number: needed,
        };
        collect();
    }

    /// Returns the number of callers that wait at this moment.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.state.lock().unwrap().waiting
    }
}

/// Marks a collection as finished and wakes the waiting callers when it is dropped, even by a panic.
struct Finish<'a> {
    shared: &'a Coalesce,
    number: u64,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let state = self.shared.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.finished = self.number;
        state.runner = None;
        drop(state);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
    };

    use super::*;

    #[test]
    fn callers_during_a_collection_share_the_next_one() {
        let shared = Coalesce::default();
        let runs = AtomicUsize::new(0);
        let (begun, has_begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let (shared, runs) = (&shared, &runs);
        thread::scope(|scope| {
            let first = scope.spawn(move || {
                shared.run(|| {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    runs.fetch_add(1, Ordering::SeqCst);
                });
            });
            has_begun.recv().unwrap();
            for _ in 0..4 {
                scope.spawn(|| {
                    shared.run(|| {
                        runs.fetch_add(1, Ordering::SeqCst);
                    });
                });
            }
            while shared.waiting() < 4 {
                thread::yield_now();
            }
            go_on.send(()).unwrap();
            first.join().unwrap();
        });
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn one_after_the_other_collects_each_time() {
        let shared = Coalesce::default();
        let runs = AtomicUsize::new(0);
        for _ in 0..3 {
            shared.run(|| {
                runs.fetch_add(1, Ordering::SeqCst);
            });
        }
        assert_eq!(runs.into_inner(), 3);
    }

    #[test]
    fn a_collection_within_a_collection_does_nothing() {
        let shared = Coalesce::default();
        shared.run(|| shared.run(|| panic!("ran within itself")));
    }

    #[test]
    fn a_panic_lets_the_next_one_run() {
        let shared = Coalesce::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| shared.run(|| panic!("as intended"))));
        assert!(panicked.is_err());
        let mut ran = false;
        shared.run(|| ran = true);
        assert!(ran);
    }
}
