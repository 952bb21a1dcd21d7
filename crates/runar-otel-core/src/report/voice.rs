//! The thread that writes reports.

use std::{
    collections::VecDeque,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError},
    thread,
    time::{Duration, Instant},
};

use tracing::{Dispatch, dispatcher, subscriber::NoSubscriber};

/// How many reports wait at the most; more are dropped.
const MOST: usize = 1024;

/// The thread ends after so much silence, and comes back with the next report.
const IDLE: Duration = Duration::from_millis(200);

/// How often a lock is tried before a report is dropped. In a process that was forked it may be locked for ever.
const TRIES: usize = 1000;

static STATE: Mutex<State> = Mutex::new(State {
    waiting: VecDeque::new(),
    has_thread: false,
    speaks: false,
});

/// Told with each report that comes, and each one that was written.
static CHANGED: Condvar = Condvar::new();

struct State {
    waiting: VecDeque<Report>,
    has_thread: bool,
    /// True while a report is with the subscriber.
    speaks: bool,
}

/// A message, and the subscriber of the thread that reports it.
struct Report {
    message: String,
    to: Dispatch,
}

/// The lock, unless somebody keeps it.
pub(super) fn soon<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..TRIES {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    None
}

/// Puts a report where the thread finds it.
pub(super) fn queue(message: String) {
    // Outside of the lock: it may be the last one that refers to a subscriber.
    let report = Report {
        message,
        to: dispatcher::get_default(Dispatch::clone),
    };
    let Some(mut state) = soon(&STATE) else {
        return;
    };
    if state.waiting.len() >= MOST {
        return;
    }
    state.waiting.push_back(report);
    if state.has_thread {
        CHANGED.notify_all();
        return;
    }
    let thread = thread::Builder::new().name("runar-otel-reports".to_owned());
    state.has_thread = thread.spawn(write_all).is_ok();
}

/// Waits until all reports are written, but no longer than this; true if they are.
pub fn flush(within: Duration) -> bool {
    let until = Instant::now() + within;
    let Some(mut state) = soon(&STATE) else {
        return false;
    };
    while state.has_thread && (state.speaks || !state.waiting.is_empty()) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let waited = CHANGED.wait_timeout(state, left);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    state.waiting.is_empty()
}

/// The thread: no lock is held while a subscriber has a report.
fn write_all() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(report) = state.waiting.pop_front() {
            state.speaks = true;
            drop(state);
            // What panics is the subscriber of the application.
            let _ = catch_unwind(AssertUnwindSafe(|| write(report)));
            state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
            state.speaks = false;
            CHANGED.notify_all();
            continue;
        }
        let waited = CHANGED.wait_timeout(state, IDLE);
        let (back, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state = back;
        if timeout.timed_out() && state.waiting.is_empty() {
            state.has_thread = false;
            return;
        }
    }
}

fn write(Report { message, to }: Report) {
    // Within a hook of a subscriber a thread has none: then the global one gets it.
    let _to = (!to.is::<NoSubscriber>()).then(|| dispatcher::set_default(&to));
    if dispatcher::has_been_set() {
        tracing::error!(target: "runar_otel", "{message}");
    } else {
        // A standard error that is gone is nothing that can be reported.
        let _ = writeln!(io::stderr(), "runar_otel: {message}");
    }
}
