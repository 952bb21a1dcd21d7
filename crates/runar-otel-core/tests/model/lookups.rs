//! Look-ups while the table grows or is replaced.

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};
use opentelemetry::KeyValue;

use crate::{
    explore_to,
    labels::{
        LabelSet,
        interner::{Interner, Members, begin_rebuild},
        table::HasLabels,
    },
};

/// A series that counts how often it was recorded to.
#[derive(Debug)]
struct Counted {
    labels: LabelSet,
    linked: AtomicBool,
    records: AtomicUsize,
}

impl HasLabels for Counted {
    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    fn is_linked(&self) -> bool {
        self.linked.load(Ordering::Acquire)
    }
}

fn label(at: usize) -> [KeyValue; 1] {
    [KeyValue::new("at", i64::try_from(at).unwrap())]
}

/// An interner and what is changed under the lock of the stream.
struct Stream {
    interner: Interner<Counted>,
    members: Mutex<Members<Counted>>,
}

impl Stream {
    fn new(series: usize) -> Arc<Self> {
        let stream = Self {
            interner: Interner::default(),
            members: Mutex::new(Members::default()),
        };
        (0..series).for_each(|at| stream.place(at));
        Arc::new(stream)
    }

    /// Finds a series under the lock, or makes it, and records; as `Stream::record_new` does.
    fn place(&self, at: usize) {
        let mut members = self.members.lock().unwrap();
        if let Some(known) = self.interner.known(&members, &label(at)) {
            known.records.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let series = Counted {
            labels: LabelSet::pack(&label(at)),
            linked: AtomicBool::new(true),
            records: AtomicUsize::new(1),
        };
        self.interner.add(&mut members, series.into());
    }

    /// Records by labels as they come.
    fn record(&self, at: usize) {
        let plain = self.interner.plain();
        let found = self.interner.find(plain, &label(at), |series| {
            series.records.fetch_add(1, Ordering::Relaxed);
        });
        if found.is_none() {
            self.place(at);
        }
    }

    /// Has a series leave, as `Stream::retire` does.
    fn forget(&self, at: usize) {
        let rebuild = {
            let mut members = self.members.lock().unwrap();
            let known = self.interner.known(&members, &label(at)).unwrap();
            known.linked.store(false, Ordering::Release);
            begin_rebuild(&mut members)
        };
        let rebuilt = rebuild.run();
        self.interner
            .replace(&mut self.members.lock().unwrap(), rebuilt);
        self.interner
            .release(|| self.members.lock().unwrap().table());
    }

    /// The number of records of each of the first series.
    fn records(&self, series: usize) -> Vec<usize> {
        let members = self.members.lock().unwrap();
        let of = |at| {
            let known = self.interner.known(&members, &label(at));
            known.map_or(0, |one| one.records.load(Ordering::Relaxed))
        };
        (0..series).map(of).collect()
    }
}

#[test]
fn a_look_up_sees_a_new_series_whole_or_not_at_all() {
    explore_to(3, || {
        let stream = Stream::new(1);
        let adding = {
            let stream = stream.clone();
            thread::spawn(move || stream.record(1))
        };
        stream.record(1);
        adding.join().unwrap();
        assert_eq!(stream.records(2), [1, 2]);
    });
}

/// So many series fit into the first table.
const ROOM: usize = 8;

#[test]
fn a_look_up_finds_its_series_while_the_table_grows() {
    explore_to(2, || {
        let stream = Stream::new(ROOM);
        let growing = {
            let stream = stream.clone();
            thread::spawn(move || stream.record(ROOM))
        };
        stream.record(0);
        stream.record(ROOM);
        growing.join().unwrap();
        let records = stream.records(ROOM + 1);
        assert_eq!(records, [2, 1, 1, 1, 1, 1, 1, 1, 2]);
    });
}

#[test]
fn a_look_up_finds_its_series_while_the_table_is_replaced() {
    explore_to(2, || {
        let stream = Stream::new(2);
        let forgetting = {
            let stream = stream.clone();
            thread::spawn(move || stream.forget(1))
        };
        stream.record(0);
        stream.record(2);
        forgetting.join().unwrap();
        stream.record(2);
        assert_eq!(stream.records(3), [2, 0, 2]);
    });
}
