//! Reservoirs, callbacks and panics of the application that do what they should not: hang, record, panic in their `Drop`.

use std::{
    panic::panic_any,
    sync::{
        Arc, Mutex, OnceLock,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    metrics::{Counter as Theirs, MeterProvider},
};
use runar_otel_core::{
    Counter,
    exemplar::{Exemplar, ExemplarFilter, ExemplarReservoir, Measurement, Reservoir},
    finish,
    gate::{GateOptions, View, in_callback},
    install,
    labels::LabelSet,
    report,
    series::{Moment, Stream},
    uninstall,
};

use crate::{chain::Reports, facade::renew, hostile::alone, reader::Bench};

/// More than enough for anything that is to happen at all.
const LONG: Duration = Duration::from_secs(20);

type Act = Arc<dyn Fn(&'static str) + Send + Sync>;

/// A reservoir that does as it likes wherever it is called.
struct Acting {
    act: Act,
    kept: Option<Exemplar>,
}

impl ExemplarReservoir for Acting {
    fn offer(&mut self, measurement: &Measurement<'_>) {
        (self.act)("offer");
        self.kept = Some(measurement.to_exemplar());
    }

    fn collect(&mut self) -> Vec<Exemplar> {
        (self.act)("collect");
        self.kept.take().into_iter().collect()
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        (self.act)("drop");
    }
}

/// Rules under which all metrics of a name have such a reservoir, and each measurement an exemplar.
fn acting(metric: &'static str, act: impl Fn(&'static str) + Send + Sync + 'static) -> GateOptions {
    let act: Act = Arc::new(act);
    let reservoir = Reservoir::custom(move |_| {
        act("make");
        Acting {
            act: act.clone(),
            kept: None,
        }
    });
    let mut options = GateOptions::default();
    options.exemplar_filter = ExemplarFilter::AlwaysOn;
    options.views = vec![View::select(metric).reservoir(reservoir)];
    options
}

/// Fails if the work takes for ever.
fn ends<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    let ended = ended.recv_timeout(LONG);
    ended.unwrap_or_else(|_| panic!("it waits for itself"))
}

/// An instrument that the code of a reservoir records with.
#[derive(Default)]
struct Recorder(OnceLock<Theirs<u64>>);

impl Recorder {
    fn record(&self, place: &'static str) {
        if let Some(counter) = self.0.get() {
            counter.add(1, &[KeyValue::new("from", place)]);
        }
    }
}

/// A provider whose reservoirs record into their own metric when they are dropped, and a channel that tells that they did.
fn recording_in_drop(metric: &'static str) -> (Bench, Theirs<u64>, Receiver<()>) {
    let recorder = Arc::new(Recorder::default());
    let (tell, told) = mpsc::channel();
    let (mine, tell) = (recorder.clone(), Mutex::new(tell));
    let bench = Bench::new(acting(metric, move |place| {
        if place == "drop" {
            mine.record(place);
            let _ = tell.lock().unwrap().send(());
        }
    }));
    let counter = bench.gate.meter("lib").u64_counter(metric).build();
    let _ = recorder.0.set(counter.clone());
    (bench, counter, told)
}

/// Ends all series of a metric.
fn retire(bench: &Bench, metric: &str) {
    for stream in bench.streams(metric) {
        assert!(stream.retire(|_| true) > 0);
    }
}

#[test]
fn a_retired_reservoir_may_record_in_its_drop() {
    let (bench, counter, told) = recording_in_drop("applications.retired");
    ends(move || {
        counter.add(1, &[KeyValue::new("n", 1)]);
        retire(&bench, "applications.retired");
        // What was owed is delivered: the series goes.
        bench.collect();
        told.recv_timeout(LONG).unwrap();
    });
}

/// Each of its calls comes while a record or a collection of the series is under way.
#[test]
fn a_reservoir_may_retire_its_own_series() {
    let streams: Arc<OnceLock<Vec<Arc<Stream>>>> = Arc::default();
    let own = streams.clone();
    let bench = Bench::new(acting("applications.own", move |_| {
        for stream in own.get().into_iter().flatten() {
            stream.retire_soon(&LabelSet::default());
        }
    }));
    let meter = bench.gate.meter("lib");
    let counter = meter.u64_counter("applications.own").build();
    let _ = streams.set(bench.streams("applications.own"));
    ends(move || {
        for _ in 0..3 {
            counter.add(1, &[]);
            assert!((bench.one("applications.own").value - 1.0).abs() < 1e-9);
            // Whoever retired it last did so before this collection.
            for stream in bench.streams("applications.own") {
                stream.end_retired(Some(Moment::now()));
            }
        }
    });
}

#[test]
fn a_set_that_comes_back_drops_the_reservoir_of_before() {
    let (bench, counter, told) = recording_in_drop("applications.back");
    ends(move || {
        counter.add(1, &[KeyValue::new("n", 1)]);
        retire(&bench, "applications.back");
        counter.add(1, &[KeyValue::new("n", 1)]);
        told.recv_timeout(LONG).unwrap();
        assert!((bench.collect()[0].value - 2.0).abs() < 1e-9);
    });
}

#[test]
fn a_reservoir_may_record_while_a_provider_begins() {
    let mut common = crate::facade::bench();
    ends(|| {
        let counter = Counter::new("applications_begins_total", "").register();
        let mine = counter.clone();
        let (tell, told) = mpsc::channel();
        let tell = Mutex::new(tell);
        let options = acting("applications_begins_total", move |place| {
            if place == "collect" || place == "drop" {
                mine.add_with(1, &[("from", place)]);
                let _ = tell.lock().unwrap().send(place);
            }
        });
        install(Bench::new(options.clone()).gate);
        counter.increment();
        install(Bench::new(options).gate);
        assert_eq!(told.recv_timeout(LONG), Ok("drop"));
    });
    renew(&mut common);
}

#[test]
fn a_factory_may_record_into_its_own_metric() {
    alone("applications::records_in_a_factory");
}

#[test]
#[ignore = "run by the test above, since it may end the process"]
fn records_in_a_factory() {
    let recorder = Arc::new(Recorder::default());
    let mine = recorder.clone();
    let bench = Bench::new(acting("applications.factory", move |place| {
        mine.record(place);
    }));
    let meter = bench.gate.meter("lib");
    let counter = meter.u64_counter("applications.factory").build();
    let _ = recorder.0.set(counter.clone());
    counter.add(1, &[]);
    let mut counted: Vec<_> = bench.collect().into_iter().map(|one| one.labels).collect();
    counted.sort_by_key(Vec::len);
    let from = |place| vec![KeyValue::new("from", place)];
    assert_eq!(counted[0], []);
    assert!(counted.contains(&from("make")) && counted.contains(&from("offer")));
    // Those that the reservoir recorded were offered to none.
    assert_eq!(bench.exemplars("applications.factory").len(), 0);
}

#[test]
fn a_reservoir_that_collects_does_not_wait_for_itself() {
    let bench = Arc::new(OnceLock::<Bench>::new());
    let mine = bench.clone();
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let options = acting("applications.collects", move |place| {
        if let ("collect" | "offer", Some(bench)) = (place, mine.get()) {
            let _ = tell
                .lock()
                .unwrap()
                .send((in_callback(), bench.collect().len()));
        }
    });
    ends(move || {
        let bench = bench.get_or_init(|| Bench::new(options));
        let meter = bench.gate.meter("lib");
        meter
            .u64_counter("applications.collects")
            .build()
            .add(1, &[]);
        assert_eq!(bench.collect().len(), 1);
        for _ in 0..2 {
            assert_eq!(told.recv_timeout(LONG), Ok((true, 0)));
        }
        assert!(!in_callback());
    });
}

/// What a panic brings, and panics in its `Drop` again.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic_any(Self);
    }
}

#[test]
fn a_payload_that_panics_harms_no_record_and_no_walk() {
    for bad in ["make", "offer", "collect"] {
        let bench = Bench::new(acting("applications.payload", move |place| {
            if place == bad {
                panic_any(Payload);
            }
        }));
        let meter = bench.gate.meter("lib");
        let counter = meter.u64_counter("applications.payload").build();
        for _ in 0..2 {
            counter.add(1, &[]);
            assert!((bench.one("applications.payload").value - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn a_payload_that_panics_harms_no_callback() {
    let bench = Bench::new(GateOptions::default());
    let meter = bench.gate.meter("lib");
    let gauge = meter.u64_observable_gauge("applications.bad");
    let bad = gauge.with_callback(|observer| {
        observer.observe(1, &[]);
        panic_any(Payload);
    });
    bad.build();
    let gauge = meter.u64_observable_gauge("applications.good");
    gauge
        .with_callback(|observer| observer.observe(1, &[]))
        .build();
    for _ in 0..2 {
        assert_eq!(bench.collect().len(), 2);
    }
}

/// A layer that panics whenever it hears of a report.
struct Panics;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Panics {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == report::TARGET {
            panic_any(Payload);
        }
    }
}

#[test]
fn a_payload_that_panics_harms_no_report() {
    use tracing_subscriber::layer::SubscriberExt as _;
    // `tracing` may forget about a thread's only subscriber.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let bad = tracing_subscriber::registry().with(Panics);
    tracing::subscriber::with_default(bad, || report::say("applications: lost"));
    let (reports, _listening) = Reports::listen();
    report::say("applications: heard");
    assert!(report::flush(LONG));
    assert_eq!(reports.0.lock().unwrap().len(), 1);
}

/// Waits until the sender is gone, when it is dropped.
struct HangsInDrop(Mutex<Receiver<()>>);

impl Drop for HangsInDrop {
    fn drop(&mut self) {
        let _ = self.0.lock().unwrap().recv();
    }
}

fn hangs() -> (HangsInDrop, Sender<()>) {
    let (go_on, wait) = mpsc::channel();
    (HangsInDrop(Mutex::new(wait)), go_on)
}

#[test]
fn a_callback_that_hangs_in_its_drop_holds_up_no_end() {
    // Alone: what else is to be dropped waits for it.
    alone("applications::ends_callbacks_that_hang_in_their_drop");
}

#[test]
#[ignore = "run by the test above"]
fn ends_callbacks_that_hang_in_their_drop() {
    let bench = Bench::new(GateOptions::default());
    let (held, go_on) = hangs();
    let meter = bench.gate.meter("lib");
    let gauge = meter.u64_observable_gauge("applications.held");
    gauge
        .with_callback(move |observer| {
            let _ = &held;
            observer.observe(1, &[]);
        })
        .build();
    ends(move || {
        install(bench.gate.clone());
        uninstall();
        assert!((bench.one("applications.held").value - 1.0).abs() < 1e-9);
        finish();
    });
    drop(go_on);
}

#[test]
fn callbacks_are_dropped_when_their_provider_has_ended() {
    let mut common = crate::facade::bench();
    let bench = Bench::new(GateOptions::default());
    let held = Arc::new(());
    let mine = held.clone();
    let meter = bench.gate.meter("lib");
    let gauge = meter.u64_observable_gauge("applications.let_go");
    gauge
        .with_callback(move |observer| observer.observe(Arc::strong_count(&mine) as u64, &[]))
        .build();
    install(bench.gate);
    uninstall();
    finish();
    assert_eq!(Arc::strong_count(&held), 1);
    renew(&mut common);
}

#[test]
fn a_factory_that_hangs_in_its_drop_holds_up_nobody() {
    alone("applications::drops_a_factory_that_hangs");
}

#[test]
#[ignore = "run by the test above"]
fn drops_a_factory_that_hangs() {
    let (held, go_on) = hangs();
    let bench = Bench::new(acting("applications.factory", move |_| {
        let _ = &held;
    }));
    ends(move || drop(bench));
    drop(go_on);
}

#[test]
fn a_reservoir_that_hangs_holds_up_no_end_and_no_begin() {
    let mut common = crate::facade::bench();
    let (go_on, wait) = mpsc::channel::<()>();
    let (tell, hanging) = mpsc::channel();
    let first = Mutex::new(Some((wait, tell)));
    let options = acting("applications_hangs_total", move |place| {
        let first = (place == "collect").then(|| first.lock().unwrap().take());
        if let Some((wait, tell)) = first.flatten() {
            tell.send(()).unwrap();
            let _ = wait.recv();
        }
    });
    let before = Bench::new(options.clone());
    let counter = Counter::new("applications_hangs_total", "").register();
    install(before.gate.clone());
    counter.increment();
    let walk = thread::spawn(move || before.collect());
    hanging.recv_timeout(LONG).unwrap();
    ends(move || {
        uninstall();
        finish();
        let after = Bench::new(options);
        install(after.gate.clone());
        counter.add(2);
        assert!((after.one("applications_hangs_total").value - 2.0).abs() < 1e-9);
    });
    drop(go_on);
    walk.join().unwrap();
    renew(&mut common);
}

#[test]
fn a_callback_that_observes_for_ever_takes_bounded_memory() {
    const MOST: u32 = 1_000_000;
    let (reports, _listening) = Reports::listen();
    let mut options = GateOptions::default();
    options.callback_timeout = LONG;
    let bench = Bench::new(options);
    let meter = bench.gate.meter("lib");
    let gauge = meter.f64_observable_gauge("applications.flood");
    gauge
        .with_callback(|observer| {
            for number in 1..=MOST + 1 {
                observer.observe(number.into(), &[]);
            }
        })
        .build();
    // The last one that was taken.
    let last = bench.one("applications.flood").value;
    assert!((last - f64::from(MOST)).abs() < 1e-9, "{last}");
    let said = reports.0.lock().unwrap();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("`applications.flood` observe more than 1000000 values"));
}
