//! Hostile use: everything that production does to handles, timers and views sooner or later.

use std::{
    cell::RefCell,
    process::Command,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use opentelemetry::{
    Context,
    metrics::MeterProvider,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use runar_otel_core::{
    __private::{
        Call, Function, MetricSite, Owner, Site, SiteKind, Verdict, add_label, in_sync, increment,
    },
    Counter, Gauge, Histogram, Timer, TimerHandle, UpDownCounter, event_published,
    exemplar::{Exemplar, ExemplarFilter, ExemplarReservoir, Measurement, Reservoir},
    gate::{GateOptions, View},
    install,
    metric::{Aggregation, InstrumentKind},
};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    calls::{ACTION, poll_once},
    facade::{bench, renew},
    reader::Bench,
};

fn in_span<R>(work: impl FnOnce() -> R) -> R {
    let ids = (TraceId::from(0xabc), SpanId::from(0xdef));
    let span = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::NONE);
    let _active = Context::new().with_remote_span_context(span).attach();
    work()
}

fn with_views(views: Vec<View>) -> Bench {
    let mut options = GateOptions::default();
    options.views = views;
    Bench::new(options)
}

/// Installs another provider for one test, then the common one again.
fn installed<R>(bench: &Bench, work: impl FnOnce() -> R) -> R {
    let mut common = crate::facade::bench();
    install(bench.gate.clone());
    let result = work();
    renew(&mut common);
    result
}

#[test]
fn a_gauge_survives_a_change_that_is_not_a_number() {
    let bench = bench();
    let gauge = Gauge::new("hostile_nan", "").register();
    gauge.set(1.0);
    gauge.add(f64::NAN);
    gauge.sub(f64::INFINITY);
    gauge.inc();
    assert!((bench.one("hostile_nan").value - 2.0).abs() < 1e-9);
}

#[test]
fn an_unsigned_gauge_takes_away_what_no_signed_number_can_hold() {
    let bench = bench();
    let gauge = Gauge::<u64>::of("hostile_unsigned", "").register();
    gauge.set(u64::MAX);
    gauge.sub(u64::MAX);
    assert!(bench.one("hostile_unsigned").value.abs() < 1e-9);
}

#[test]
fn a_stated_infinity_does_not_make_other_buckets() {
    let bench = bench();
    for bounds in [vec![1.0], vec![1.0, f64::INFINITY]] {
        Histogram::new("hostile_bounds", "")
            .with_buckets(bounds)
            .register()
            .observe(1.0);
    }
    assert!((bench.one("hostile_bounds").value - 2.0).abs() < 1e-9);
}

#[test]
fn a_timer_without_a_span_of_its_own_keeps_that_of_its_start() {
    let bench = bench();
    let timer = Timer::new("hostile_hidden_seconds", "")
        .with_span()
        .register();
    // A subscriber without our layer, as under a filter that leaves the timer's span out.
    let quiet = tracing_subscriber::registry().with(tracing_subscriber::filter::LevelFilter::WARN);
    tracing::subscriber::with_default(quiet, || {
        let handle = in_span(|| timer.start());
        handle.stop();
    });
    let loud = tracing_subscriber::registry();
    tracing::subscriber::with_default(loud, || {
        let handle = in_span(|| timer.start());
        thread::sleep(Duration::from_millis(30));
        handle.stop();
    });
    let taken = bench.exemplars("hostile_hidden_seconds");
    assert_eq!(
        taken.first().map(|(_, kept)| kept.len()),
        Some(2),
        "{taken:?}"
    );
}

#[test]
fn a_view_for_gauges_selects_gauges() {
    let views = vec![
        View::select("hostile_selected")
            .of_kind(InstrumentKind::Gauge)
            .aggregation(Aggregation::Drop),
    ];
    let own = with_views(views);
    let gauge = Gauge::new("hostile_selected", "").register();
    gauge.set(1.0);
    installed(&own, || {
        let all = own.collect();
        assert!(
            all.iter().all(|point| point.metric != "hostile_selected"),
            "{all:?}"
        );
    });
}

#[test]
fn a_gauge_hands_on_a_level_and_nothing_else() {
    let mut common = crate::facade::bench();
    let [levels, others] = [(); 2].map(|()| with_views(Vec::new()));
    let sums = with_views(vec![
        View::select("hostile_handed_*").aggregation(Aggregation::Sum),
    ]);
    let gauge = Gauge::new("hostile_handed_on", "").register();
    install(levels.gate.clone());
    gauge.set(5.0);
    // What the gauge was set to before counts once.
    install(sums.gate.clone());
    gauge.set(2.0);
    gauge.set(3.0);
    assert!((sums.one("hostile_handed_on").value - 10.0).abs() < 1e-9);
    // The sum is no level.
    install(others.gate.clone());
    gauge.sub(1.0);
    let level = others.one("hostile_handed_on").value;
    assert!((level + 1.0).abs() < 1e-9, "{level}");
    renew(&mut common);
}

#[test]
fn a_gauge_of_the_facade_has_no_exemplars() {
    let mut options = GateOptions::default();
    options.exemplar_filter = ExemplarFilter::AlwaysOn;
    let own = Bench::new(options);
    Gauge::new("hostile_exemplars", "").register().set(1.0);
    installed(&own, || {
        own.collect();
        assert_eq!(own.exemplars("hostile_exemplars"), []);
    });
}

#[test]
fn exemplars_of_known_series_stay_out_of_the_overflow_series() {
    let own = with_views(vec![View::select("hostile.full").limit(2)]);
    let counter = own.gate.meter("lib").u64_counter("hostile.full").build();
    let label = |value: i64| [opentelemetry::KeyValue::new("n", value)];
    // Known since before, though not sampled.
    counter.add(1, &label(1));
    in_span(|| {
        counter.add(1, &label(2));
        counter.add(1, &label(3));
        counter.add(1, &label(1));
    });
    let taken = own.exemplars("hostile.full");
    assert!(taken.iter().any(|(key, _)| *key == label(1)), "{taken:?}");
}

struct Unmakable;

impl Unmakable {
    fn make() -> Self {
        if thread::current().name().is_some() {
            panic!("a reservoir that cannot be made");
        }
        Self
    }
}

impl ExemplarReservoir for Unmakable {
    fn offer(&mut self, _: &Measurement<'_>) {}
    fn collect(&mut self) -> Vec<Exemplar> {
        Vec::new()
    }
}

#[test]
fn a_reservoir_that_cannot_be_made_harms_nobody() {
    let reservoir = Reservoir::custom(|_| Unmakable::make());
    let own = with_views(vec![View::select("hostile.made").reservoir(reservoir)]);
    let counter = own.gate.meter("lib").u64_counter("hostile.made").build();
    in_span(|| counter.add(1, &[]));
    assert!((own.one("hostile.made").value - 1.0).abs() < 1e-9);
}

/// Runs an ignored test of this file in a process of its own, since it may end it.
fn survives(test: &str) {
    alone(&format!("hostile::{test}"));
}

/// Runs an ignored test in a process of its own.
pub(crate) fn alone(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--test-threads=1"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
}

#[test]
fn a_running_timer_may_end_with_its_thread() {
    survives("ends_a_timer_with_its_thread");
}

#[test]
#[ignore = "run by the test above"]
fn ends_a_timer_with_its_thread() {
    thread_local!(static LATE: RefCell<Option<TimerHandle>> = const { RefCell::new(None) });
    let timer = Timer::new("hostile_thread_seconds", "").register();
    thread::spawn(move || {
        LATE.with(|late| drop(late.borrow_mut().take()));
        let handle = in_span(|| timer.start());
        LATE.with(|late| *late.borrow_mut() = Some(handle));
    })
    .join()
    .unwrap();
}

#[test]
fn the_first_measurement_of_a_thread_may_be_its_last() {
    survives("records_first_when_the_thread_ends");
}

#[test]
#[ignore = "run by the test above"]
fn records_first_when_the_thread_ends() {
    struct Late(Counter);
    impl Drop for Late {
        fn drop(&mut self) {
            self.0.increment();
        }
    }
    thread_local!(static LATE: RefCell<Option<Late>> = const { RefCell::new(None) });
    // A panic that is caught is still one to hooks, and with `panic = "abort"`.
    std::panic::set_hook(Box::new(|_| std::process::exit(70)));
    let bench = bench();
    let counter = Counter::new("hostile_last_total", "").register();
    let mine = counter.clone();
    thread::spawn(move || {
        LATE.with(|late| *late.borrow_mut() = Some(Late(mine)));
        // The application uses the context, we do not yet.
        let _ = Context::current();
    })
    .join()
    .unwrap();
    assert!((bench.one("hostile_last_total").value - 1.0).abs() < 1e-9);
}

struct CountEvents(Counter);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for CountEvents {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.0.increment();
    }
}

#[test]
fn a_layer_that_counts_events_does_not_wait_for_itself() {
    let mut bench = bench();
    let (done, finished) = mpsc::channel();
    let own = Bench::new(GateOptions::default());
    let gate = own.gate.clone();
    let counter = Counter::new("hostile_events_total", "").register();
    let seen = counter.clone();
    thread::spawn(move || {
        let subscriber = tracing_subscriber::registry().with(CountEvents(seen));
        tracing::subscriber::with_default(subscriber, || {
            install(gate);
            counter.increment();
            own.collect();
            counter.increment();
        });
        done.send(own.one("hostile_events_total").value).unwrap();
    });
    let counted = finished.recv_timeout(Duration::from_secs(10));
    assert!(counted.is_ok(), "it waits for itself");
    renew(&mut bench);
}

#[test]
fn handles_can_be_shared_and_shown() {
    fn is<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    is::<Counter>();
    is::<Counter<f64>>();
    is::<runar_otel_core::UpDownCounter>();
    is::<Gauge>();
    is::<Histogram>();
    is::<Timer>();
    fn moves<T: Send + 'static>() {}
    moves::<TimerHandle>();
    let _ = Arc::new(());
}

/// Registers a metric whenever it hears of something.
struct RegisterAtEvents;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for RegisterAtEvents {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "runar_otel" {
            Counter::new("hostile_reports_total", "")
                .register()
                .increment();
        }
    }
}

#[test]
fn a_layer_may_register_a_metric_when_it_hears_of_a_mistake() {
    let (done, heard) = mpsc::channel();
    thread::spawn(move || {
        let subscriber = tracing_subscriber::registry().with(RegisterAtEvents);
        tracing::subscriber::with_default(subscriber, || {
            let _whole = Counter::new("hostile_rounded_total", "").register();
            let _fractions = Counter::<f64>::of("hostile_rounded_total", "").register();
        });
        let _ = done.send(());
    });
    let waited = heard.recv_timeout(Duration::from_secs(10));
    assert!(
        waited.is_ok(),
        "it waits for the lock that the report is made under"
    );
}

#[test]
fn non_finite_values_leave_whole_numbers_alone() {
    let bench = bench();
    let queue = UpDownCounter::new("hostile_queue", "").register();
    let fractions = UpDownCounter::<f64>::of("hostile_queue", "").register();
    queue.add(2);
    for hostile in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        fractions.add(hostile);
        fractions.add_with(hostile, &[]);
    }
    assert!((bench.one("hostile_queue").value - 2.0).abs() < 1e-9);

    let sizes = Histogram::<u64>::of("hostile_sizes", "").register();
    let fractions = Histogram::new("hostile_sizes", "").register();
    sizes.observe(2);
    for hostile in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        fractions.observe(hostile);
        fractions.observe_with(hostile, &[]);
    }
    assert_eq!(bench.one("hostile_sizes").count, 1);
}

/// Meters whatever it hears of.
struct MeterEverything;

impl MeterEverything {
    fn meter() {
        static SITE: Site = Site::new(Function {
            labels: &["tier"],
            ..ACTION
        });
        static SEEN: MetricSite = MetricSite::new("hostile_seen_total", SiteKind::Counter, &[]);
        let owner = Owner::named("hostile_layer", None);
        let call = Call::begin(&SITE, owner, || &["busy"]);
        in_sync(
            call,
            || {
                increment(&SEEN, 1, &[]);
                add_label("teir", "x", std::panic::Location::caller());
            },
            |()| Verdict::Error("surprise"),
        );
        let retired = Counter::new("hostile_retired_total", "").register();
        retired.increment();
        retired.retire();
        let _ = poll_once(Box::pin(event_published("hostile.seen", async {})));
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for MeterEverything {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        Self::meter();
    }

    fn on_new_span(
        &self,
        _: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        Self::meter();
    }

    fn on_close(&self, _: tracing::span::Id, _: tracing_subscriber::layer::Context<'_, S>) {
        Self::meter();
    }
}

#[test]
fn a_layer_that_meters_everything_does_not_wait_for_itself() {
    static SITE: Site = Site::new(ACTION);
    let mut bench = bench();
    let (done, finished) = mpsc::channel();
    let own = Bench::new(GateOptions::default());
    let gate = own.gate.clone();
    thread::spawn(move || {
        let subscriber = tracing_subscriber::registry().with(MeterEverything);
        tracing::subscriber::with_default(subscriber, || {
            install(gate);
            let owner = Owner::named("hostile_layered", None);
            let mut call = Call::begin(&SITE, owner, || &["busy"]);
            call.in_span(tracing::info_span!("layered"));
            in_sync(call, || tracing::info!("inside"), |()| Verdict::Ok);
            own.collect();
            let _conflict = Gauge::new("hostile_seen_total", "").register();
        });
        done.send(()).unwrap();
    });
    let ended = finished.recv_timeout(Duration::from_secs(10));
    assert!(ended.is_ok(), "it waits for itself");
    renew(&mut bench);
}

#[test]
fn a_call_may_begin_while_its_thread_ends() {
    survives("begins_a_call_when_the_thread_ends");
}

#[test]
#[ignore = "run by the test above"]
fn begins_a_call_when_the_thread_ends() {
    static SITE: Site = Site::new(ACTION);
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            let owner = Owner::named("hostile_ends", None);
            let mut call = Call::begin(&SITE, owner, || &[]);
            call.in_span(tracing::Span::none());
            in_sync(call, || (), |()| Verdict::Ok);
        }
    }
    thread_local!(static LATE: RefCell<Option<Late>> = const { RefCell::new(None) });
    let _bench = bench();
    thread::spawn(move || {
        LATE.with(|late| *late.borrow_mut() = Some(Late));
        let _ = Context::current();
    })
    .join()
    .unwrap();
}
