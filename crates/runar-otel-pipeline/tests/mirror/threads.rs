//! Many threads.

use std::{
    sync::{Arc, Mutex},
    thread,
};

use opentelemetry::KeyValue;
use runar_otel_core::series::{Mirror, Series, Stream};

use super::*;

#[test]
fn what_many_threads_record_arrives() {
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
