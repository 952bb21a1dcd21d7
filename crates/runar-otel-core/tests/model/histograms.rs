//! Histograms: a reader that sees the sum sees the count.

use loom::{sync::Arc, thread};

use crate::{
    cells::{recorder, shape},
    explore, join,
    metric::number::NumberKind,
    series::{
        cell::{Cell, CellKind, CellShape},
        value::Histogram,
    },
};

fn histogram() -> CellShape {
    shape(CellKind::Buckets, NumberKind::F64)
}

/// Sum and number of values.
fn both(value: &Histogram) -> (f64, u64) {
    (value.sum.unwrap(), value.count)
}

const TWO: u64 = 2.0_f64.to_bits();

#[test]
fn a_reader_that_sees_the_sum_sees_the_count() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&histogram()));
        let recording = {
            let cell = cell.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    let _ = cell.update(&histogram(), TWO);
                }
            })
        };
        let (sum, count) = both(&cell.histogram(&histogram()));
        assert!(sum <= 4.0 && count <= 2);
        assert!(sum <= 2.0 * f64::from(u32::try_from(count).unwrap()));
        recording.join().unwrap();
        assert_eq!(both(&cell.histogram(&histogram())), (4.0, 2));
    });
}

#[test]
fn two_records_into_one_histogram_lose_nothing() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&histogram()));
        let recorders = [1.0, 3.0].map(|value: f64| recorder(&cell, histogram, value.to_bits()));
        join(recorders);
        let value = cell.histogram(&histogram());
        assert_eq!(both(&value), (4.0, 2));
        assert_eq!((value.min, value.max), (Some(1.0), Some(3.0)));
        assert_eq!(value.counts, [1, 1]);
    });
}

#[test]
fn windows_of_a_histogram_lose_and_double_nothing() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&histogram()));
        let recording = recorder(&cell, histogram, TWO);
        let first = both(&cell.take_histogram(&histogram()));
        recording.join().unwrap();
        // The sum of a value whose count was taken comes later, with a count or without one.
        let second = both(&cell.take_histogram(&histogram()));
        assert_eq!((first.0 + second.0, first.1 + second.1), (2.0, 1));
    });
}

#[test]
fn stripes_of_a_histogram_lose_and_double_nothing() {
    explore(|| {
        let cell = Arc::new(Cell::<()>::new(&histogram()));
        let striping = {
            let cell = cell.clone();
            thread::spawn(move || {
                cell.stripe(&histogram());
                let _ = cell.update(&histogram(), TWO);
            })
        };
        let _ = cell.update(&histogram(), TWO);
        striping.join().unwrap();
        assert_eq!(both(&cell.histogram(&histogram())), (4.0, 2));
    });
}
