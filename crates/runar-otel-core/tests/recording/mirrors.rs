//! A mirror of what is recorded: it may wait for those who record.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use runar_otel_core::{
    Counter,
    clock::Clock,
    gate::{Gate, GateOptions, Streams},
    isolated::IsolatedRecorder,
    series::{Mirror, Series, Stream},
};

/// More than enough for anything that is to happen at all.
const LONG: Duration = Duration::from_secs(20);

/// A mirror that waits until another thread has recorded into the metric that is being made.
struct Waiting {
    others: Mutex<Option<(Counter, Arc<IsolatedRecorder>)>>,
    recorded: mpsc::SyncSender<bool>,
}

impl Mirror for Waiting {
    fn made(&self, _: &Arc<Stream>) {
        let Some((counter, isolated)) = self.others.lock().unwrap().take() else {
            return;
        };
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            isolated.scope(|| counter.increment());
            tell.send(()).unwrap();
        });
        self.recorded.send(told.recv_timeout(LONG).is_ok()).unwrap();
    }

    fn recorded(&self, _: &Stream, _: &Arc<Series>, _: u64) {}
}

#[test]
fn a_mirror_waits_under_no_lock() {
    let (recorded, result) = mpsc::sync_channel(1);
    let mirror = Arc::new(Waiting {
        others: Mutex::default(),
        recorded,
    });
    let mut options = GateOptions::default();
    options.mirror = Some(mirror.clone());
    let gate = Gate::new(Streams::new(options));
    let isolated = IsolatedRecorder::new(gate, Clock::system());
    // Made here, it is made in the recorder with its first record there.
    let counter = Counter::new("mirrors_total", "").register();
    *mirror.others.lock().unwrap() = Some((counter.clone(), isolated.clone()));
    isolated.scope(|| counter.increment());
    assert!(result.recv_timeout(LONG).unwrap());
}
