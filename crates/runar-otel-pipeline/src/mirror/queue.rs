//! The queue between the threads that record and the thread that feeds the SDK.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use runar_otel_core::{
    forked,
    gate::in_callback,
    series::{Mirror, Series, Stream},
};

/// The largest number of measurements that wait for the SDK; attached readers miss those that do not fit.
pub const CAPACITY: usize = 65_536;

/// The time limit for waiting on the thread that feeds the SDK. That thread may wait for a lock of the SDK that a
/// collection holds, and the collection waits itself.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

thread_local!(static FEEDS: Cell<bool> = const { Cell::new(false) });

/// True on the thread that feeds the SDK.
pub(super) fn is_feeding() -> bool {
    FEEDS.get()
}

/// A measurement, by the address of its stream and the bits of its value.
pub(super) struct Measured {
    pub(super) stream: usize,
    pub(super) series: Arc<Series>,
    pub(super) bits: u64,
}

/// An order to the thread. Orders find room when measurements do not.
pub(super) enum Order {
    /// Make an instrument for a stream, then signal.
    Made(Arc<Stream>, Tell),
    /// Empty the queue, then signal.
    Empty(Tell),
    /// Empty the queue, then signal and end.
    End(Tell),
}

/// Signals by its drop that an order is done.
pub(super) type Tell = SyncSender<()>;

/// State that both ends of the queue share.
#[derive(Default)]
pub(super) struct State {
    /// The number of measurements that found no room and are not reported yet. Relaxed: a number for a report.
    pub(super) lost: AtomicU64,
    /// Begin of the instrument that is being made; `None` while none is.
    making: Mutex<Option<Instant>>,
}

impl State {
    pub(super) fn set_making(&self, making: bool) {
        let since = making.then(Instant::now);
        *self.making.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Returns the time limit for waiting on the next instrument: the longer one takes already, the shorter.
    fn patience(&self) -> Duration {
        let making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        making.map_or(PATIENCE, |since| PATIENCE.saturating_sub(since.elapsed()))
    }
}

/// Measurements and orders that wait for the thread. Under their lock elements are moved, and nothing else is done.
#[derive(Default)]
struct Waiting {
    measured: VecDeque<Measured>,
    orders: VecDeque<Order>,
    /// True once nothing can be added any more.
    closed: bool,
    /// True once the thread has ended.
    gone: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.measured.is_empty() && self.orders.is_empty()
    }
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// The thread that feeds the SDK. It looks at the queue only after it is set here.
    feeder: OnceLock<Thread>,
    state: State,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(feeder) = self.feeder.get() {
            feeder.unpark();
        }
    }
}

/// The end of the queue where measurements go in.
pub(super) struct Tap(Arc<Shared>);

/// The end of the queue where measurements come out.
pub(super) struct Outlet(Arc<Shared>);

pub(super) fn queue() -> (Tap, Outlet) {
    let shared = Arc::new(Shared::default());
    // All of it now: a recording thread allocates nothing, and no other one waits for that under the lock.
    shared.lock().measured.reserve_exact(CAPACITY);
    (Tap(shared.clone()), Outlet(shared))
}

impl Tap {
    /// Sends an order. The order is lost if the thread has ended, and in a forked child that cannot have the lock.
    pub(super) fn order(&self, order: Order) {
        let Some(mut waiting) = forked::lock(&self.0.waiting) else {
            return;
        };
        if waiting.gone {
            // The lock is released first: the order may hold the last reference to a stream.
            drop(waiting);
            return drop(order);
        }
        waiting.orders.push_back(order);
        drop(waiting);
        self.0.wake();
    }

    /// Sends an order, and waits until it is done, no longer than `timeout`.
    pub(super) fn wait(&self, order: impl FnOnce(Tell) -> Order, timeout: Duration) {
        let (tell, told) = sync_channel(1);
        self.order(order(tell));
        if !is_feeding() {
            // If the thread has ended, the order is dropped, which signals as well.
            let _ = told.recv_timeout(timeout);
        }
    }

    /// Ends the thread, without waiting for it.
    pub(super) fn end(&self) {
        self.order(Order::End(sync_channel(1).0));
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Some(mut waiting) = forked::lock(&self.0.waiting) {
            waiting.closed = true;
        }
        self.0.wake();
    }
}

impl Outlet {
    /// Makes the current thread the one that feeds the SDK.
    pub(super) fn begin(&self) {
        FEEDS.set(true);
        let _ = self.0.feeder.set(thread::current());
    }

    pub(super) fn state(&self) -> &State {
        &self.0.state
    }

    pub(super) fn next_order(&self) -> Option<Order> {
        self.0.lock().orders.pop_front()
    }

    /// Waits for an order, no longer than `timeout`.
    pub(super) fn wait_for_order(&self, timeout: Duration) -> Option<Order> {
        let began = Instant::now();
        loop {
            if let Some(order) = self.next_order() {
                return Some(order);
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }

    /// Moves the oldest measurements, at most `most`, to `to`.
    pub(super) fn take(&self, to: &mut Vec<Measured>, most: usize) {
        let mut waiting = self.0.lock();
        let most = most.min(waiting.measured.len());
        to.extend(waiting.measured.drain(..most));
    }

    /// Waits for orders or measurements, no longer than `timeout`; false if nothing will ever come.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> bool {
        let began = Instant::now();
        loop {
            {
                let waiting = self.0.lock();
                if !waiting.is_empty() || waiting.closed {
                    return !waiting.is_empty();
                }
            }
            let Some(timeout) = timeout else {
                thread::park();
                continue;
            };
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return true;
            }
            thread::park_timeout(left);
        }
    }
}

impl Drop for Outlet {
    /// Drops waiting orders, which signals to their senders, and measurements, after the lock is released.
    fn drop(&mut self) {
        let left = {
            let mut waiting = self.0.lock();
            waiting.gone = true;
            (
                std::mem::take(&mut waiting.measured),
                std::mem::take(&mut waiting.orders),
            )
        };
        drop(left);
    }
}

impl Mirror for Tap {
    /// Waits for the instrument, so that a collection right after has it. Does not wait within a collection, which
    /// would wait for itself.
    fn made(&self, stream: &Arc<Stream>) {
        let patience = if in_callback() {
            Duration::ZERO
        } else {
            self.0.state.patience()
        };
        self.wait(|tell| Order::Made(stream.clone(), tell), patience);
    }

    fn recorded(&self, stream: &Stream, series: &Arc<Series>, bits: u64) {
        // The SDK logs while it is fed. A measurement that a subscriber makes of such a log would come back here, for
        // ever.
        if is_feeding() {
            return;
        }
        // In a forked child a thread of the parent may hold the lock for ever.
        let Some(mut waiting) = forked::lock(&self.0.waiting) else {
            return;
        };
        if waiting.gone {
            return;
        }
        if waiting.measured.len() >= CAPACITY {
            drop(waiting);
            self.0.state.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // The thread takes all before it waits.
        let was_empty = waiting.measured.is_empty();
        waiting.measured.push_back(Measured {
            stream: std::ptr::from_ref(stream).addr(),
            series: series.clone(),
            bits,
        });
        drop(waiting);
        if was_empty {
            self.0.wake();
        }
    }
}
