//! The queue between the threads that record and the thread that feeds the SDK.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    time::{Duration, Instant},
};

use runar_otel_core::{
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

/// Makes the current thread the one that feeds the SDK.
pub(super) fn begin_feeding() {
    FEEDS.set(true);
}

/// What waits in the queue.
pub(super) enum Entry {
    /// A measurement, by the address of its stream and the bits of its value.
    Measured {
        stream: usize,
        series: Arc<Series>,
        bits: u64,
    },
    /// There is an order.
    Wake,
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

/// The end of the queue where measurements go in.
pub(super) struct Tap {
    entries: SyncSender<Entry>,
    orders: Sender<Order>,
    state: Arc<State>,
}

/// The end of the queue where measurements come out.
pub(super) struct Outlet {
    pub(super) entries: Receiver<Entry>,
    pub(super) orders: Receiver<Order>,
    pub(super) state: Arc<State>,
}

pub(super) fn queue() -> (Tap, Outlet) {
    let (entries, out) = sync_channel(CAPACITY);
    let (orders, ordered) = channel();
    let state = Arc::new(State::default());
    let tap = Tap {
        entries,
        orders,
        state: state.clone(),
    };
    let outlet = Outlet {
        entries: out,
        orders: ordered,
        state,
    };
    (tap, outlet)
}

impl Tap {
    /// Gives an order. It is lost if the thread has ended.
    pub(super) fn order(&self, order: Order) {
        if self.orders.send(order).is_ok() {
            // A full queue wakes the thread as well.
            let _ = self.entries.try_send(Entry::Wake);
        }
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

impl Mirror for Tap {
    /// Waits for the instrument, so that a collection right after does not come before it: not within a collection, which
    /// would wait for itself.
    fn made(&self, stream: &Arc<Stream>) {
        let patience = if in_callback() {
            Duration::ZERO
        } else {
            self.state.patience()
        };
        self.wait(|tell| Order::Made(stream.clone(), tell), patience);
    }

    fn recorded(&self, stream: &Stream, series: &Arc<Series>, bits: u64) {
        // The SDK logs while it is fed. What a subscriber records of that would come back here, for ever.
        if is_feeding() {
            return;
        }
        let entry = Entry::Measured {
            stream: std::ptr::from_ref(stream).addr(),
            series: series.clone(),
            bits,
        };
        if let Err(TrySendError::Full(_)) = self.entries.try_send(entry) {
            self.state.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}
