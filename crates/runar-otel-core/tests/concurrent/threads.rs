//! Threads that come, go and end in odd ways.

use std::{
    cell::OnceCell,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, Counter},
};
use runar_otel_core::{gate::View, labels::LabelSet, report};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

use crate::consumers::{Ledger, Setting};

fn sets() -> Vec<[KeyValue; 1]> {
    (0..5).map(|at| [KeyValue::new("at", at)]).collect()
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn consumers_see_everything_once_while_threads_come_and_go() {
    const THREADS: u32 = 6;
    const LIVES: u32 = 5;
    const RECORDS: u32 = 3_000;
    let setting = Setting::new(Vec::new());
    let counter = setting.meter.u64_counter("c").build();
    let histogram = setting.meter.f64_histogram("h").build();
    let bound: Vec<_> = sets()
        .iter()
        .map(|set| (counter.bind(set), histogram.bind(set)))
        .collect();
    let life = || {
        for at in 0..RECORDS {
            let (counter, histogram) = &bound[usize::try_from(at * at % 5).unwrap()];
            counter.add(2);
            histogram.record(0.5);
        }
    };
    let (setting, over) = (&setting, &AtomicBool::new(false));
    let mut deltas = thread::scope(|scope| {
        let deltas = [(0, 3), (1, 50)]
            .map(|(slot, failing)| scope.spawn(move || setting.deltas_until(slot, over, failing)));
        let totals = scope.spawn(|| setting.growing_totals_until(over));
        let lives = || {
            for _ in 0..LIVES {
                thread::scope(|one| one.spawn(life).join()).unwrap();
            }
        };
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(lives)).collect();
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        over.store(true, Ordering::Release);
        totals.join().unwrap();
        deltas.map(|one| one.join().unwrap())
    });
    let records = f64::from(THREADS * LIVES * RECORDS);
    for (slot, deltas) in deltas.iter_mut().enumerate() {
        deltas.merge(&setting.deltas(slot));
        assert!(same(deltas.of("c"), 2.0 * records), "{deltas:?}");
        assert!(same(deltas.of("h"), records), "{deltas:?}");
        assert_eq!(*deltas, setting.totals());
    }
}

#[test]
fn instruments_that_end_leave_what_they_recorded() {
    let setting = Setting::new(Vec::new());
    let counter = setting.meter.u64_counter("c").build();
    let recorded = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let bound = counter.bind(&[KeyValue::new("one", 1)]);
                    for _ in 0..7 {
                        bound.add(1);
                        recorded.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let recorded = u32::try_from(recorded.into_inner()).unwrap();
    assert!(same(setting.totals().of("c"), recorded.into()));
    assert!(same(setting.deltas(0).of("c"), recorded.into()));
}

/// Counts when it is dropped, which is when its thread ends.
struct AtTheEnd(BoundCounter<u64>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        self.0.add(1);
    }
}

#[test]
fn a_thread_that_ends_may_record() {
    thread_local!(static KEPT: OnceCell<AtTheEnd> = const { OnceCell::new() });
    let setting = Setting::new(Vec::new());
    let counter = setting.meter.u64_counter("c").build();
    let keep = || {
        let end = AtTheEnd(counter.bind(&[]));
        KEPT.with(|kept| kept.set(end).is_ok())
    };
    // Thread-locals that are born first die last: those of the recording side, if there were any, or this one.
    for records_first in [true, false] {
        let life = || {
            if records_first {
                counter.bind(&[]).add(1);
            }
            assert!(keep());
            if !records_first {
                counter.bind(&[]).add(1);
            }
        };
        thread::scope(|scope| scope.spawn(life).join()).unwrap();
    }
    assert!(same(setting.totals().of("c"), 4.0));
    assert!(same(setting.deltas(0).of("c"), 4.0));
}

#[test]
fn a_thread_that_nobody_collects_from_loses_nothing() {
    let setting = Setting::new(Vec::new());
    let (counter, histogram) = (
        setting.meter.u64_counter("c").build().bind(&[]),
        setting.meter.f64_histogram("h").build().bind(&[]),
    );
    for _ in 0..10_000 {
        counter.add(1);
        histogram.record(0.5);
    }
    let mut expected = Ledger::default();
    for (metric, value) in [("c", 10_000.0), ("h", 10_000.0), ("h.sum", 5_000.0)] {
        expected.add(metric, &LabelSet::empty(), value);
    }
    assert_eq!(setting.totals(), expected);
    assert_eq!(setting.deltas(0), expected);
}

#[test]
fn a_value_that_is_no_number_takes_no_other_with_it() {
    let setting = Setting::new(Vec::new());
    let counter = setting.meter.f64_counter("c").build().bind(&[]);
    for value in [1.0, f64::NAN, 2.0, f64::INFINITY, 4.0] {
        counter.add(value);
    }
    assert!(same(setting.totals().of("c"), 7.0));
    assert!(same(setting.deltas(0).of("c"), 7.0));
}

/// Counts events of this SDK in a metric.
struct Counting {
    counter: Counter<u64>,
    heard: Arc<AtomicU64>,
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counting {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        self.counter.add(1, &[KeyValue::new("event", 1)]);
    }
}

#[test]
fn reports_about_a_metric_may_be_counted_in_that_metric() {
    let setting = Setting::new(vec![View::select("reported").limit(2)]);
    let counter = setting.meter.u64_counter("reported").build();
    let (done, finished) = mpsc::channel();
    let heard = Arc::new(AtomicU64::new(0));
    let layer = Counting {
        counter: counter.clone(),
        heard: heard.clone(),
    };
    // `tracing` forgets about the only subscriber if a thread without it is the first one to report something.
    let _second = Dispatch::new(tracing_subscriber::registry());
    let collected = setting.streams.clone();
    thread::spawn(move || {
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for set in sets() {
                counter.bind(&set).add(1);
            }
            collected.observe(|_| 0);
        });
        done.send(()).unwrap();
    });
    finished.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(report::flush(Duration::from_secs(20)));
    let heard = u32::try_from(heard.load(Ordering::Relaxed)).unwrap();
    assert!(heard > 0);
    let totals = setting.totals();
    assert!(
        same(totals.of("reported"), f64::from(5 + heard)),
        "{totals:?}"
    );
    assert!(same(setting.deltas(0).of("reported"), f64::from(5 + heard)));
}
