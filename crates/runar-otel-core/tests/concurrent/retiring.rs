//! Series that retire while they are recorded to.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use opentelemetry::{
    KeyValue,
    metrics::{
        BoundCounter, BoundHistogram, BoundUpDownCounter, Counter, Histogram, UpDownCounter,
    },
};
use runar_otel_core::{gate::View, labels::LabelSet, metric::Aggregation};

use crate::consumers::{Ledger, Setting};

const SETS: i64 = 6;

/// The sets that a handle keeps: their series sleep, those of the others leave.
const KEPT: i64 = 3;

fn set(at: i64) -> [KeyValue; 2] {
    [KeyValue::new("at", at), KeyValue::new("kind", "x")]
}

/// Instruments of all kinds whose series may retire at any time.
struct Instruments {
    counter: Counter<u64>,
    queue: UpDownCounter<i64>,
    histograms: [Histogram<f64>; 2],
    kept: Vec<Kept>,
}

/// The instruments with their labels bound.
struct Kept {
    counter: BoundCounter<u64>,
    queue: BoundUpDownCounter<i64>,
    histograms: [BoundHistogram<f64>; 2],
}

impl Instruments {
    fn new(setting: &Setting) -> Self {
        let histogram = |name| setting.meter.f64_histogram(name).build();
        let mut made = Self {
            counter: setting.meter.u64_counter("c").build(),
            queue: setting.meter.i64_up_down_counter("q").build(),
            histograms: ["h", "e"].map(histogram),
            kept: Vec::new(),
        };
        made.kept = (0..KEPT).map(|at| made.bind(at)).collect();
        made
    }

    fn bind(&self, at: i64) -> Kept {
        let set = set(at);
        Kept {
            counter: self.counter.bind(&set),
            queue: self.queue.bind(&set),
            histograms: self.histograms.each_ref().map(|one| one.bind(&set)),
        }
    }

    /// Records by handles that are kept, by handles of a moment, and by labels with each call.
    fn record(&self, at: i64, way: u64) {
        match (way % 3, self.kept.get(usize::try_from(at).unwrap())) {
            (0, Some(kept)) => kept.record(),
            (1, _) => self.bind(at).record(),
            _ => {
                let set = set(at);
                self.counter.add(1, &set);
                self.queue.add(2, &set);
                self.histograms.iter().for_each(|one| one.record(2.0, &set));
                self.queue.add(-2, &set);
            }
        }
    }
}

impl Kept {
    fn record(&self) {
        self.counter.add(1);
        self.queue.add(2);
        self.histograms.iter().for_each(|one| one.record(2.0));
        self.queue.add(-2);
    }
}

/// Has all series retire without pause; how many did.
fn retire_until(setting: &Setting, over: &AtomicBool) -> usize {
    let mut retired = 0;
    while !over.load(Ordering::Acquire) {
        for stream in setting.streams.all() {
            retired += stream.retire(|_| true);
        }
    }
    retired
}

#[test]
fn retiring_without_pause_loses_and_doubles_nothing() {
    const THREADS: u32 = 3;
    const RECORDS: u32 = 3 * 6 * 1_500;
    let exponential = View::select("e").aggregation(Aggregation::exponential());
    let setting = &Setting::new(vec![exponential]);
    let made = &Instruments::new(setting);
    let over = &AtomicBool::new(false);
    let mut deltas = thread::scope(|scope| {
        let deltas = [(0, 3), (1, 50)]
            .map(|(slot, failing)| scope.spawn(move || setting.deltas_until(slot, over, failing)));
        let retiring = scope.spawn(|| retire_until(setting, over));
        let work = || {
            for round in 0..RECORDS {
                let at = i64::from(round / 3) % SETS;
                made.record(at, round.into());
            }
        };
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        over.store(true, Ordering::Release);
        assert!(retiring.join().unwrap() > 100);
        deltas.map(|one| one.join().unwrap())
    });
    // What is under way in the queue stays there.
    (0..SETS).for_each(|at| made.queue.add(5, &set(at)));
    let mut expected = Ledger::default();
    for at in 0..SETS {
        let (labels, each) = (LabelSet::of(&set(at)), f64::from(THREADS * RECORDS) / 6.0);
        for metric in ["c", "h", "e"] {
            expected.add(metric, &labels, each);
        }
        for metric in ["h.sum", "e.sum"] {
            expected.add(metric, &labels, 2.0 * each);
        }
        expected.add("q", &labels, 5.0);
    }
    for (slot, deltas) in deltas.iter_mut().enumerate() {
        deltas.merge(&setting.deltas(slot));
        // A sum whose count was taken before waits for one collection.
        deltas.merge(&setting.deltas(slot));
        let differences = deltas.differences(&expected);
        assert_eq!(differences, [""; 0], "consumer {slot}");
    }
}
