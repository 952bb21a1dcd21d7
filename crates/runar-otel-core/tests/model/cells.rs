//! Sums and levels: threads write at any time, a reader reads or takes.

use loom::{
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use crate::{
    explore, join,
    metric::number::NumberKind,
    series::{
        cell::{ActiveCall, Cell, CellKind, CellShape},
        value::Number,
    },
};

pub(crate) fn shape(kind: CellKind, number: NumberKind) -> CellShape {
    CellShape {
        kind,
        number,
        bounds: std::sync::Arc::from([1.0]),
        max_size: 160,
        max_scale: 20,
        has_sum: true,
    }
}

pub(crate) fn counter() -> CellShape {
    shape(CellKind::Counter, NumberKind::U64)
}

pub(crate) fn whole(number: Number) -> u64 {
    match number {
        Number::U64(value) => value,
        other => unreachable!("{other:?}"),
    }
}

/// A thread that records once.
pub(crate) fn recorder(cell: &Arc<Cell>, shape: fn() -> CellShape, bits: u64) -> JoinHandle<()> {
    let cell = cell.clone();
    thread::spawn(move || {
        let _ = cell.update(&shape(), bits);
    })
}

#[test]
fn a_sum_that_is_taken_loses_and_doubles_nothing() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&counter()));
        let recorders = [1, 2].map(|value| recorder(&cell, counter, value));
        let taken = whole(cell.take_number(&counter()));
        join(recorders);
        assert_eq!(taken + whole(cell.number(&counter())), 3);
    });
}

#[test]
fn a_sum_that_is_read_holds_what_is_over() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&counter()));
        let first = recorder(&cell, counter, 1);
        let second = recorder(&cell, counter, 2);
        first.join().unwrap();
        let read = whole(cell.number(&counter()));
        assert!(read == 1 || read == 3, "{read}");
        second.join().unwrap();
        assert_eq!(whole(cell.number(&counter())), 3);
    });
}

#[test]
fn stripes_that_come_meanwhile_lose_and_double_nothing() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&counter()));
        let lock = Arc::new(Mutex::new(()));
        let striping = {
            let (cell, lock) = (cell.clone(), lock.clone());
            thread::spawn(move || {
                {
                    let _lock = lock.lock().unwrap();
                    cell.stripe(&counter());
                }
                let _ = cell.update(&counter(), 1);
            })
        };
        let recording = recorder(&cell, counter, 2);
        let taken = whole(cell.take_number(&counter()));
        striping.join().unwrap();
        recording.join().unwrap();
        assert_eq!(taken + whole(cell.number(&counter())), 3);
    });
}

#[test]
fn two_threads_on_one_stripe_lose_nothing() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&counter()));
        cell.stripe(&counter());
        // Three threads on two stripes.
        let recorders = [1, 2].map(|value| recorder(&cell, counter, value));
        let _ = cell.update(&counter(), 4);
        join(recorders);
        assert_eq!(whole(cell.number(&counter())), 7);
    });
}

#[test]
fn calls_under_way_end_at_0_wherever_they_are_counted() {
    const LEVEL: fn() -> CellShape = || shape(CellKind::Level, NumberKind::F64);
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&LEVEL()));
        let call = |cell: &Cell| {
            let place = match cell.begin_at_once(NumberKind::F64) {
                Some(_) => ActiveCall::default(),
                None => cell.begin_striped(),
            };
            let now = cell.number(&LEVEL()).as_f64();
            assert!(now >= 1.0, "{now} calls are under way");
            cell.end(NumberKind::F64, place);
        };
        let other = {
            let cell = cell.clone();
            thread::spawn(move || {
                cell.stripe(&LEVEL());
                call(&cell);
            })
        };
        call(&cell);
        other.join().unwrap();
        assert_eq!(cell.number(&LEVEL()).as_f64(), 0.0);
    });
}
