//! Callbacks: those that panic, hang, collect or record must not harm the others.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
    time::Duration,
};

use opentelemetry::metrics::AsyncInstrument;
use runar_otel_core::report;
use runar_otel_pipeline::{
    background::Background,
    schedule::{Console, Push, PushOptions, Sink},
    snapshot::Number,
};

use super::*;

/// A callback that hangs until it is let go.
struct Hanging {
    /// Sent each time that it is called.
    calls: mpsc::Receiver<()>,
    /// Lets one call go on, or all of them if it is dropped.
    release: mpsc::Sender<()>,
}

impl Hanging {
    fn new(setup: &Setup, name: &'static str) -> Self {
        let (called, calls) = mpsc::channel();
        let (release, held) = mpsc::channel();
        let held = Mutex::new(held);
        let callback = move |observer: &dyn AsyncInstrument<u64>| {
            let _ = called.send(());
            let _ = held.lock().unwrap().recv();
            observer.observe(1, &[]);
        };
        let gauge = setup.meter.u64_observable_gauge(name);
        gauge.with_callback(callback).build();
        Self { calls, release }
    }
}

fn impatient() -> Setup {
    let timeout = Duration::from_millis(500);
    setup_with(|options| options.callback_timeout = timeout, Vec::new())
}

/// A counter that counts its own calls.
fn counting(setup: &Setup, name: &'static str) {
    let calls = AtomicU64::new(0);
    let counter = setup.meter.u64_observable_counter(name);
    counter
        .with_callback(move |observer| {
            let calls = calls.fetch_add(1, Ordering::SeqCst) + 1;
            observer.observe(calls, &[]);
        })
        .build();
}

#[test]
fn a_panicking_callback_leaves_the_values_of_the_others() {
    let setup = setup();
    let counter = setup.meter.u64_counter("counter").build();
    counting(&setup, "before");
    let _broken = setup
        .meter
        .u64_observable_gauge("broken")
        .with_callback(|_| panic!("as intended"))
        .build();
    counting(&setup, "after");
    for round in [1.0, 2.0, 3.0] {
        counter.add(1, &[]);
        let snapshot = setup.totals();
        for name in ["counter", "before", "after"] {
            assert_eq!(value(&snapshot, name), Some(round), "{name}");
        }
        assert!(metric(&snapshot, "broken").is_none());
    }
}

#[test]
fn a_panicking_callback_leaves_the_others_of_its_instrument() {
    let setup = setup();
    let _half_broken = setup
        .meter
        .u64_observable_gauge("half_broken")
        .with_callback(|_| panic!("as intended"))
        .with_callback(|observer| observer.observe(7, &[]))
        .build();
    for _ in 0..2 {
        assert_eq!(value(&setup.totals(), "half_broken"), Some(7.0));
    }
}

#[test]
fn a_hanging_callback_leaves_the_values_of_the_others() {
    let setup = impatient();
    let counter = setup.meter.u64_counter("counter").build();
    counting(&setup, "before");
    let hanging = Hanging::new(&setup, "hanging");
    counting(&setup, "after");
    for round in [1.0, 2.0, 3.0] {
        counter.add(1, &[]);
        let snapshot = setup.totals();
        for name in ["counter", "before", "after"] {
            assert_eq!(value(&snapshot, name), Some(round), "{name}");
        }
        assert!(metric(&snapshot, "hanging").is_none());
    }
    hanging.calls.recv().unwrap();
    assert!(hanging.calls.try_recv().is_err(), "it was called again");
}

#[test]
fn a_callback_that_hung_is_asked_again_once_it_returned() {
    let setup = impatient();
    let hanging = Hanging::new(&setup, "hanging");
    assert!(metric(&setup.totals(), "hanging").is_none());
    drop(hanging.release);
    // It returns in its own time.
    while value(&setup.totals(), "hanging").is_none() {
        thread::yield_now();
    }
    assert_eq!(value(&setup.totals(), "hanging"), Some(1.0));
}

/// A callback that hangs must not take one thread per collection, nor the threads of the private runtime one by one.
#[test]
fn a_hanging_callback_takes_one_thread() {
    let setup = impatient();
    let hanging = Hanging::new(&setup, "hanging");
    let (collected, collections) = mpsc::channel();
    let collected = Mutex::new(collected);
    setup
        .meter
        .u64_observable_gauge("healthy")
        .with_callback(move |_| {
            let _ = collected.lock().unwrap().send(thread::current().id());
        })
        .build();
    let background = Background::start().unwrap();
    let mut options = PushOptions::default();
    options.interval = Duration::from_millis(1);
    options.timeout = Duration::from_millis(5);
    let push = Push::spawn(
        background.handle(),
        setup.collector.clone(),
        Sink::Console(Console::new()),
        options,
    );
    let wait = Duration::from_secs(20);
    let threads = (0..20).map(|_| collections.recv_timeout(wait).unwrap());
    let threads: HashSet<ThreadId> = threads.collect();
    assert_eq!(threads.len(), 1, "one beside the one that hangs");
    hanging.calls.recv_timeout(wait).unwrap();
    assert!(hanging.calls.try_recv().is_err(), "it hangs twice");

    let (done, free) = mpsc::channel();
    background.handle().spawn_blocking(move || done.send(()));
    let free = free.recv_timeout(Duration::from_secs(2));
    drop((push, hanging));
    assert!(
        free.is_ok(),
        "no thread is left, not even to look up a name"
    );
}

#[test]
fn collecting_within_a_callback_does_not_wait_for_itself() {
    let setup = setup();
    let inner = Arc::downgrade(&setup.collector);
    let totals = setup.totals;
    let counter = setup.meter.u64_counter("counter").build();
    let _nested = setup
        .meter
        .f64_observable_gauge("observed_gauge")
        .with_callback(move |observer| {
            counter.add(1, &[]);
            let collector = inner.upgrade().unwrap();
            collector.collect();
            let snapshot = collector.snapshot(totals);
            observer.observe(value(&snapshot, "counter").unwrap(), &[]);
        })
        .build();
    for round in [1.0, 2.0] {
        let snapshot = setup.totals();
        assert_eq!(value(&snapshot, "observed_gauge"), Some(round));
        assert_eq!(value(&snapshot, "counter"), Some(round));
    }
}

#[test]
fn an_instrument_made_in_a_callback_counts_from_then_on() {
    let setup = setup();
    let meter = setup.gate.meter("tests");
    let _gauge = setup
        .meter
        .u64_observable_gauge("a.gauge")
        .with_callback(move |observer| {
            meter.u64_counter("late").build().add(1, &[]);
            observer.observe(1, &[]);
        })
        .build();
    for round in [1, 2] {
        let snapshot = setup.totals();
        assert_eq!(points(&snapshot, "late")[0].value, Number::U64(round));
    }
}

/// Counts the errors that this crate reports.
struct Reports(Arc<AtomicU64>);

impl tracing::Subscriber for Reports {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "runar_otel"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn misbehaving_callbacks_are_reported_once_each() {
    // Longer than a panic takes that prints its stack on a busy machine.
    let timeout = Duration::from_secs(1);
    let setup = setup_with(|options| options.callback_timeout = timeout, Vec::new());
    counting(&setup, "well.behaved");
    let reports = Arc::new(AtomicU64::new(0));
    let told = || {
        assert!(report::flush(Duration::from_secs(20)));
        reports.load(Ordering::SeqCst)
    };
    tracing::subscriber::with_default(Reports(reports.clone()), || {
        // An event that another test emits first at this very moment would stay unknown to this subscriber.
        report::say("a test begins");
        told();
        tracing::callsite::rebuild_interest_cache();
        reports.store(0, Ordering::SeqCst);
        setup.collector.collect();
        assert_eq!(told(), 0);
        let _broken = setup
            .meter
            .u64_observable_gauge("reported.broken")
            .with_callback(|_| panic!("as intended"))
            .build();
        for _ in 0..3 {
            setup.collector.collect();
            assert_eq!(told(), 1);
        }
        let _hanging = Hanging::new(&setup, "reported.hanging");
        for _ in 0..3 {
            setup.collector.collect();
            assert_eq!(told(), 2);
        }
    });
}
