//! Work done aside, by a thread that nobody waits for.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError},
    thread,
    time::{Duration, Instant},
};

/// The thread ends after so long without an item, and starts again with the next one.
const IDLE: Duration = Duration::from_millis(200);

/// The number of times that a lock is tried before it is given up. In a forked process it may be locked for ever.
const TRIES: usize = 1000;

/// Takes the lock; `None` if another thread keeps it.
pub(crate) fn lock_soon<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..TRIES {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    None
}

/// A bounded queue, and the thread that works on its items, one after the other.
pub(crate) struct BackgroundQueue<T> {
    /// The name of the thread.
    name: &'static str,
    /// The most items that wait.
    most: usize,
    /// Runs without any lock. Must not panic.
    work: fn(T),
    state: Mutex<QueueState<T>>,
    /// Notified of each item that comes, and of each one that is done.
    changed: Condvar,
}

struct QueueState<T> {
    waiting: VecDeque<T>,
    has_thread: bool,
    /// True while the thread works on an item.
    works: bool,
}

impl<T: Send> BackgroundQueue<T> {
    pub(crate) const fn new(name: &'static str, most: usize, work: fn(T)) -> Self {
        Self {
            name,
            most,
            work,
            state: Mutex::new(QueueState {
                waiting: VecDeque::new(),
                has_thread: false,
                works: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Queues an item for the thread; returns it if there is no room.
    pub(crate) fn put(&'static self, item: T) -> Result<(), T> {
        let Some(mut state) = lock_soon(&self.state) else {
            return Err(item);
        };
        if state.waiting.len() >= self.most {
            return Err(item);
        }
        state.waiting.push_back(item);
        if state.has_thread {
            self.changed.notify_all();
            return Ok(());
        }
        let thread = thread::Builder::new().name(self.name.to_owned());
        state.has_thread = thread.spawn(|| self.run()).is_ok();
        Ok(())
    }

    /// Waits until all items are done, at most for this time; true if they are.
    pub(crate) fn flush(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let Some(mut state) = lock_soon(&self.state) else {
            return false;
        };
        while state.has_thread && (state.works || !state.waiting.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting.is_empty()
    }

    /// Runs the items, on the thread of the queue.
    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.waiting.pop_front() {
                state.works = true;
                drop(state);
                (self.work)(item);
                state = self.lock();
                state.works = false;
                self.changed.notify_all();
                continue;
            }
            let waited = self.changed.wait_timeout(state, IDLE);
            let (back, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = back;
            if timeout.timed_out() && state.waiting.is_empty() {
                state.has_thread = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// More than enough for anything that is to happen at all.
    const LONG: Duration = Duration::from_secs(20);

    static WAITS: BackgroundQueue<Receiver<()>> = BackgroundQueue::new("test", 1, |wait| {
        let _ = wait.recv();
    });

    #[test]
    fn a_full_queue_gives_back_what_does_not_fit() {
        let (go_on, wait) = channel();
        WAITS.put(wait).unwrap();
        while !WAITS.lock().works {
            thread::yield_now();
        }
        WAITS.put(channel().1).unwrap();
        WAITS.put(channel().1).unwrap_err();
        assert!(!WAITS.flush(Duration::from_millis(10)));
        drop(go_on);
        assert!(WAITS.flush(LONG));
    }
}
