//! Retirement against records: a record adds and then looks at the mark, retiring marks and then takes.

use std::panic::catch_unwind;

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    cells::{counter, whole},
    explore, explore_to, join,
    series::cell::Cell,
};

/// The failure of a model.
const LOST: &str = "a record is lost";

/// Orders of the four steps.
#[derive(Clone, Copy)]
struct Orders {
    add: Ordering,
    look: Ordering,
    mark: Ordering,
    take: Ordering,
}

const AS_BUILT: Orders = Orders {
    add: Ordering::AcqRel,
    look: Ordering::Acquire,
    mark: Ordering::Release,
    take: Ordering::AcqRel,
};

const RELAXED: Orders = Orders {
    add: Ordering::Relaxed,
    look: Ordering::Relaxed,
    mark: Ordering::Relaxed,
    take: Ordering::Relaxed,
};

/// The protocol alone: nothing is lost or doubled, and nothing is left asleep.
fn protocol(orders: Orders) {
    let cell = Arc::new(AtomicU64::new(0));
    let asleep = Arc::new(AtomicBool::new(false));
    let lock = Arc::new(Mutex::new(()));
    let recorders = [1, 2].map(|value| {
        let (cell, asleep, lock) = (cell.clone(), asleep.clone(), lock.clone());
        thread::spawn(move || {
            cell.fetch_add(value, orders.add);
            if asleep.load(orders.look) {
                let _lock = lock.lock().unwrap();
                if cell.load(Ordering::Acquire) > 0 {
                    asleep.store(false, orders.mark);
                }
            }
        })
    });
    let taken = {
        let _lock = lock.lock().unwrap();
        asleep.store(true, orders.mark);
        cell.swap(0, orders.take)
    };
    join(recorders);
    let rest = cell.load(Ordering::Acquire);
    assert_eq!(taken + rest, 3, "{LOST}");
    assert!(rest == 0 || !asleep.load(Ordering::Acquire), "{LOST}");
}

#[test]
fn a_record_is_taken_or_wakes_the_series() {
    explore(|| protocol(AS_BUILT));
}

/// Explores a model that has to fail.
fn assert_loses(model: fn()) {
    let failed = catch_unwind(|| explore(model)).unwrap_err();
    let said = failed.downcast_ref::<String>();
    assert!(said.is_some_and(|said| said.contains(LOST)), "{said:?}");
}

#[test]
fn relaxed_orders_would_lose_records() {
    assert_loses(|| protocol(RELAXED));
}

const LIVE: u8 = 0;
const ASLEEP: u8 = 1;
const UNLINKED: u8 = 2;

/// A series as it is, with its mark.
struct Series {
    cell: Cell,
    state: AtomicU8,
}

impl Series {
    fn new(state: u8) -> Self {
        Self {
            cell: Cell::<()>::new(&counter()),
            state: AtomicU8::new(state),
        }
    }

    fn life(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    fn set_life(&self, life: u8) {
        self.state.store(life, Ordering::Release);
    }

    fn total(&self) -> u64 {
        whole(self.cell.number(&counter()))
    }
}

/// A series that retires, and the one that comes in its place if it leaves; the lock of their stream.
struct Stream {
    series: Series,
    next: Series,
    lock: Mutex<()>,
}

impl Stream {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            series: Series::new(LIVE),
            next: Series::new(ASLEEP),
            lock: Mutex::new(()),
        })
    }

    /// As `Stream::record` does.
    fn record(&self, value: u64) {
        let _ = self.series.cell.update(&counter(), value);
        if self.series.life() != LIVE {
            self.wake();
        }
    }

    /// As `Stream::wake` does.
    fn wake(&self) {
        let _lock = self.lock.lock().unwrap();
        match self.series.life() {
            ASLEEP if self.series.total() > 0 => self.series.set_life(LIVE),
            UNLINKED => {
                self.series.cell.move_to(&self.next.cell, &counter());
                self.next.set_life(LIVE);
            }
            _ => {}
        }
    }

    /// As `Stream::end_life` does: the last total.
    fn retire(&self, to: u8) -> u64 {
        let _lock = self.lock.lock().unwrap();
        self.series.set_life(ASLEEP);
        let taken = whole(self.series.cell.take_number(&counter()));
        self.series.set_life(to);
        taken
    }

    /// As `Stream::met` does.
    fn stripe(&self) {
        if let Ok(_lock) = self.lock.try_lock()
            && self.series.life() == LIVE
        {
            self.series.cell.stripe(&counter());
        }
    }

    /// Nothing is lost or there twice, and nothing is where nobody reads.
    fn assert_holds(&self, taken: u64, recorded: u64) {
        let (here, next) = (self.series.total(), self.next.total());
        assert_eq!(taken + here + next, recorded, "{LOST}");
        assert!(here == 0 || self.series.life() == LIVE, "{LOST}");
        assert!(next == 0 || self.next.life() == LIVE, "{LOST}");
    }
}

fn in_thread(
    stream: &Arc<Stream>,
    work: impl Fn(&Stream) + Send + 'static,
) -> thread::JoinHandle<()> {
    let stream = stream.clone();
    thread::spawn(move || work(&stream))
}

#[test]
fn a_series_that_sleeps_wakes_with_what_came_too_late() {
    explore_to(2, || {
        let stream = Stream::new();
        let recorders = [1, 2].map(|value| in_thread(&stream, move |stream| stream.record(value)));
        let taken = stream.retire(ASLEEP);
        join(recorders);
        stream.assert_holds(taken, 3);
    });
}

#[test]
fn records_move_on_from_a_series_that_left() {
    explore_to(2, || {
        let stream = Stream::new();
        let recorders = [1, 2].map(|value| in_thread(&stream, move |stream| stream.record(value)));
        let taken = stream.retire(UNLINKED);
        join(recorders);
        stream.assert_holds(taken, 3);
    });
}

#[test]
fn stripes_that_come_while_a_series_retires_are_taken_too() {
    explore_to(2, || {
        let stream = Stream::new();
        let striping = in_thread(&stream, |stream| {
            stream.stripe();
            stream.record(1);
        });
        let recording = in_thread(&stream, |stream| stream.record(2));
        let taken = stream.retire(ASLEEP);
        striping.join().unwrap();
        recording.join().unwrap();
        stream.assert_holds(taken, 3);
    });
}

#[test]
fn stripes_made_without_the_lock_would_lose_records() {
    assert_loses(|| {
        let stream = Stream::new();
        let striping = in_thread(&stream, |stream| {
            stream.series.cell.stripe(&counter());
            stream.record(1);
        });
        let taken = stream.retire(ASLEEP);
        striping.join().unwrap();
        stream.assert_holds(taken, 1);
    });
}
