//! Many threads.

use std::{
    fs,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use opentelemetry::KeyValue;
use runar_otel_core::series::{Mirror, Series, Stream};

use super::*;

#[test]
fn records_of_many_threads_arrive() {
    let rig = Rig::new(Vec::new());
    thread::scope(|scope| {
        for at in 0..4 {
            let meter = rig.meter();
            scope.spawn(move || {
                // Each thread makes all instruments: one of them is the first.
                for round in 0..10 {
                    let count = meter.u64_counter(format!("count_{round}")).build();
                    let wait = meter.f64_histogram(format!("wait_{round}")).build();
                    for _ in 0..500 {
                        count.add(1, &[KeyValue::new("at", at)]);
                        wait.record(f64::from(round), &[]);
                    }
                }
            });
        }
    });
    assert_eq!(rig.attached(), rig.own());
}

/// Passes a new stream on when something has been recorded in it.
struct Late {
    mirror: Arc<dyn Mirror>,
    made: Mutex<Vec<Arc<Stream>>>,
}

impl Mirror for Late {
    fn made(&self, stream: &Arc<Stream>) {
        self.made.lock().unwrap().push(stream.clone());
    }

    fn recorded(&self, stream: &Stream, series: &Arc<Series>, bits: u64) {
        self.mirror.recorded(stream, series, bits);
        for stream in self.made.lock().unwrap().drain(..) {
            self.mirror.made(&stream);
        }
    }
}

#[test]
fn a_measurement_may_come_before_its_stream() {
    let rig = Rig::mirrored(Shared::new(Temporality::Cumulative), Vec::new(), |mirror| {
        Arc::new(Late {
            mirror,
            made: Mutex::default(),
        })
    });
    for name in ["one", "two"] {
        rig.meter().u64_counter(name).build().add(1, &[]);
    }
    let attached = rig.attached();
    assert_eq!(attached, rig.own());
    assert_eq!(attached.len(), 2);
}

/// How many threads feed readers.
fn feeding() -> usize {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    let names =
        threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.starts_with("runar-otel-mirr"))
        .count()
}

#[test]
fn the_thread_ends_with_its_readers() {
    let before = feeding();
    let rigs: Vec<Rig> = (0..20).map(|_| Rig::new(Vec::new())).collect();
    let mut kept = Vec::new();
    for (at, rig) in rigs.into_iter().enumerate() {
        rig.meter().u64_counter("count").build().add(1, &[]);
        if at % 2 == 0 {
            rig.readers.shutdown().unwrap();
            kept.push(rig.readers);
        }
    }
    let until = Instant::now() + Duration::from_secs(20);
    // Other tests have threads of their own.
    while feeding() > before + 10 {
        assert!(Instant::now() < until, "{} threads are left", feeding());
        thread::sleep(Duration::from_millis(10));
    }
}
