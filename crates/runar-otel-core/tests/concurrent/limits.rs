//! Limits of series that threads reach together.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use opentelemetry::KeyValue;
use runar_otel_core::{gate::View, labels::LabelSet, metric::OVERFLOW_KEY};

use crate::consumers::{Ledger, Setting};

fn set(at: usize) -> [KeyValue; 1] {
    [KeyValue::new("at", i64::try_from(at).unwrap())]
}

/// The last series that fits makes the table grow while others look things up.
#[test]
fn known_series_stay_out_of_the_overflow_series() {
    const LIMIT: usize = 9;
    const THREADS: usize = 3;
    const RECORDS: u32 = 20;
    for _ in 0..300 {
        let setting = Setting::new(vec![View::select("c").limit(LIMIT)]);
        let counter = setting.meter.u64_counter("c").build();
        (0..LIMIT - 1).for_each(|at| counter.add(1, &set(at)));
        let (full, start) = (AtomicBool::new(false), Barrier::new(THREADS + 1));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    while !full.load(Ordering::Acquire) {
                        counter.add(0, &set(0));
                    }
                    (0..RECORDS).for_each(|_| counter.add(1, &set(LIMIT - 1)));
                });
            }
            start.wait();
            counter.add(1, &set(LIMIT - 1));
            counter.add(1, &set(LIMIT));
            full.store(true, Ordering::Release);
        });
        let mut expected = Ledger::default();
        (0..LIMIT - 1).for_each(|at| expected.add("c", &LabelSet::of(&set(at)), 1.0));
        let records = 1 + u32::try_from(THREADS).unwrap() * RECORDS;
        let overflow = LabelSet::from([KeyValue::new(OVERFLOW_KEY, true)]);
        expected.add("c", &LabelSet::of(&set(LIMIT - 1)), records.into());
        expected.add("c", &overflow, 1.0);
        assert_eq!(setting.totals().differences(&expected), [""; 0]);
    }
}

#[test]
fn threads_that_make_series_together_share_them() {
    const SETS: usize = 200;
    const LIMIT: usize = 150;
    const THREADS: usize = 4;
    let setting = Setting::new(vec![View::select("c").limit(LIMIT)]);
    let counter = setting.meter.u64_counter("c").build();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                (0..SETS).for_each(|at| counter.add(1, &set(at)));
            });
        }
    });
    let stream = setting.streams.all().pop().unwrap();
    assert_eq!(stream.len(), LIMIT);
    let all = f64::from(u32::try_from(SETS * THREADS).unwrap());
    assert!((setting.totals().of("c") - all).abs() < 1e-9);
    assert!((setting.deltas(0).of("c") - all).abs() < 1e-9);
}
