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

/// How many measurements wait for the SDK at the most; what does not fit is missing for attached readers.
pub const CAPACITY: usize = 65_536;

/// How long something waits for the thread that feeds the SDK, if that may be waiting for a lock of the SDK: a collection
/// holds it, and waits itself.
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

/// What the thread is to do. Orders find room when measurements do not.
pub(super) enum Order {
    /// Make an instrument for a stream, and tell.
    Made(Arc<Stream>, Tell),
    /// Empty the queue, and tell.
    Empty(Tell),
    /// Empty the queue, tell, and end.
    End(Tell),
}

/// Tells that an order is done when it is dropped.
pub(super) type Tell = SyncSender<()>;

/// What both ends know.
#[derive(Default)]
pub(super) struct State {
    /// How many measurements found no room, and were not told of yet. Relaxed: a number for a report.
    pub(super) lost: AtomicU64,
    /// When the instrument was begun that is being made.
    making: Mutex<Option<Instant>>,
}

impl State {
    pub(super) fn set_making(&self, making: bool) {
        let since = making.then(Instant::now);
        *self.making.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// How long the next instrument is worth waiting for: not long after one that takes too long.
    fn patience(&self) -> Duration {
        let making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        making.map_or(PATIENCE, |since| PATIENCE.saturating_sub(since.elapsed()))
    }
}

/// What waits for the thread. Under its lock an element is moved, and nothing else is done.
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
    /// The thread that feeds the SDK. It looks at what waits once it has said so here.
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
    (Tap(shared.clone()), Outlet(shared))
}

impl Tap {
    /// Gives an order. It is lost if the thread has ended, and in a child that cannot have the lock.
    pub(super) fn order(&self, order: Order) {
        let Some(mut waiting) = forked::lock(&self.0.waiting) else {
            return;
        };
        if waiting.gone {
            // The lock goes first: what the order holds may be the last of its kind.
            drop(waiting);
            return drop(order);
        }
        waiting.orders.push_back(order);
        drop(waiting);
        self.0.wake();
    }

    /// Gives an order, and waits until it is done, no longer than said.
    pub(super) fn wait(&self, order: impl FnOnce(Tell) -> Order, timeout: Duration) {
        let (tell, told) = sync_channel(1);
        self.order(order(tell));
        if !is_feeding() {
            // A thread that has ended drops what would tell.
            let _ = told.recv_timeout(timeout);
        }
    }

    /// Lets the thread end.
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
    /// Makes the current thread the one that takes what waits.
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

    /// Waits for an order, no longer than said.
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

    /// Moves the oldest measurements over, so many at the most.
    pub(super) fn take(&self, to: &mut Vec<Measured>, most: usize) {
        let mut waiting = self.0.lock();
        let most = most.min(waiting.measured.len());
        to.extend(waiting.measured.drain(..most));
    }

    /// Waits for something to do, no longer than said; false if nothing will ever come.
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
    /// Whoever waits for an order is told, and what waits is dropped without the lock.
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
    /// Waits for the instrument, so that a collection right after does not come before it: not within a collection, which
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
        // The SDK logs while it is fed. What a subscriber records of that would come back here, for ever.
        if is_feeding() {
            return;
        }
        // In a child a thread of the parent may hold the lock for ever.
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
