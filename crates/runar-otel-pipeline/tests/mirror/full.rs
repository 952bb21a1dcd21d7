//! A queue that is full.

use std::sync::mpsc;

use runar_otel_pipeline::mirror::CAPACITY;

use super::*;

/// How many measurements the reports so far say are missing.
fn missing() -> Vec<u64> {
    let said = reports::said();
    let missing = said.iter().filter_map(|report| {
        let (_, told) = report.split_once("attached readers miss ")?;
        told.split(' ').next()?.parse().ok()
    });
    missing.collect()
}

/// Makes the thread that feeds the SDK stand still; it goes on when the sender is dropped.
fn stop(rig: &Rig, name: &'static str) -> mpsc::Sender<()> {
    let (go_on, wait) = mpsc::channel();
    let (stands, stopped) = mpsc::channel();
    rig.reader.stall(move || {
        stands.send(()).unwrap();
        let _ = wait.recv();
    });
    rig.meter().u64_counter(name).build().add(1, &[]);
    stopped.recv().unwrap();
    go_on
}

#[test]
fn a_full_queue_is_reported_and_recording_never_waits() {
    reports::listen();
    let rig = Rig::new(Vec::new());
    let count = rig.meter().u64_counter("full").build();
    let key = ("full".to_owned(), "{}".to_owned());
    count.add(1, &[]);
    assert_eq!(rig.attached()[&key].number(), 1.0);

    let go_on = stop(&rig, "first");
    let many = CAPACITY as u64 + 1000;
    // Nobody takes anything out meanwhile: a record that waited would wait for ever.
    (0..many).for_each(|_| count.add(1, &[]));
    drop(go_on);
    let attached = rig.attached()[&key].number();
    let first = missing();
    assert_eq!(first.len(), 1);
    assert!(first[0] >= 1000);
    assert_eq!(attached, (1 + many - first[0]) as f64);
    assert_eq!(rig.own()[&key].number(), (1 + many) as f64);

    // The next losses are told of a minute later, or when all ends.
    let go_on = stop(&rig, "second");
    (0..many).for_each(|_| count.add(1, &[]));
    drop(go_on);
    let attached = rig.attached()[&key].number();
    assert_eq!(missing(), first);
    rig.readers.shutdown().unwrap();
    let missing: u64 = missing().iter().sum();
    assert_eq!(attached, (1 + 2 * many - missing) as f64);
}
