//! Readers that hold the SDK's lock for long.

use std::{
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::*;

#[test]
fn recording_does_not_wait_for_a_collection() {
    let rig = Rig::new(Vec::new());
    let meter = rig.meter();
    let (inside, is_inside) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let _ = meter
        .u64_observable_gauge("slow")
        .with_callback(move |_| {
            let _ = inside.send(());
            let _ = may_go_on.lock().unwrap().recv();
        })
        .build();
    rig.readers.flush().unwrap();
    thread::scope(|scope| {
        // Holds the lock of the SDK until its callbacks are done.
        let collection = scope.spawn(|| rig.reader.points());
        is_inside.recv().unwrap();
        let new = meter.u64_counter("new").build();
        (0..10).for_each(|_| new.add(1, &[]));
        let begun = Instant::now();
        drop(go_on);
        collection.join().unwrap();
        // The thread that feeds the SDK wants the lock as well: the collection does not wait for ever.
        assert!(begun.elapsed() < Duration::from_secs(4));
    });
    let key = ("new".to_owned(), "{}".to_owned());
    assert_eq!(rig.attached()[&key].number(), 10.0);
}

#[test]
fn a_callback_may_record_and_make_instruments() {
    let rig = Rig::new(Vec::new());
    let meter = rig.meter();
    let inner = meter.clone();
    let _ = meter
        .u64_observable_gauge("asked")
        .with_callback(move |observer| {
            inner.u64_counter("by_callback").build().add(1, &[]);
            observer.observe(1, &[]);
        })
        .build();
    rig.reader.points();
    let key = ("by_callback".to_owned(), "{}".to_owned());
    assert_eq!(rig.attached()[&key].number(), 2.0);
}

#[test]
fn a_reader_may_collect_when_all_has_ended() {
    let rig = Rig::new(Vec::new());
    rig.meter().u64_counter("last").build().add(1, &[]);
    rig.readers.flush().unwrap();
    let points = rig.reader.points();
    rig.readers.shutdown().unwrap();
    assert_eq!(points.len(), 1);
    assert!(rig.readers.flush().is_err());
    rig.meter().u64_counter("later").build().add(1, &[]);
}

#[test]
fn no_flush_waits_for_nothing() {
    let rig = Rig::new(Vec::new());
    let count = rig.meter().u64_counter("count").build();
    let begun = Instant::now();
    for _ in 0..2000 {
        count.add(1, &[]);
        rig.readers.flush().unwrap();
    }
    // One that missed its answer would wait for five seconds.
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_collection_right_after_has_new_instruments() {
    let rig = Rig::new(Vec::new());
    for at in 0..200 {
        let meter = rig.meter();
        meter.u64_counter(format!("count_{at}")).build().add(1, &[]);
        meter
            .u64_gauge(format!("gauge_{at}"))
            .build()
            .record(1, &[]);
        assert_eq!(rig.reader.points().len(), 2 * (at + 1));
    }
}

#[test]
fn instruments_that_are_held_up_wait_together() {
    let rig = Rig::new(Vec::new());
    let (go_on, wait) = mpsc::channel::<()>();
    rig.reader.stall(move || {
        let _ = wait.recv();
    });
    let begun = Instant::now();
    for at in 0..50 {
        rig.meter()
            .u64_counter(format!("count_{at}"))
            .build()
            .add(1, &[]);
    }
    // Each by itself would take 200 ms.
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(go_on);
    assert_eq!(rig.attached().len(), 50);
}
