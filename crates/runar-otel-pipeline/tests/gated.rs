//! Collecting through the real gate: plans, views and exemplars agree with what the SDK reports.
#![expect(clippy::panic, reason = "a test says so when it fails")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use runar_otel_core::{
    exemplar::ExemplarFilter,
    gate::{
        Gate, GateOptions, Streams, View,
        stream::{Aggregation, overflow_attributes},
    },
};
use runar_otel_pipeline::{
    collect::{Collector, StoreReader, sdk_view},
    snapshot::{Data, Histogram, Metric, Number, Point, Snapshot},
    store::{ConsumerId, TemporalityPreference},
};

struct Setup {
    collector: Arc<Collector>,
    consumer: ConsumerId,
    gate: Gate,
    meter: Meter,
    _provider: SdkMeterProvider,
}

fn setup(views: Vec<View>) -> Setup {
    let mut options = GateOptions::default();
    options.exemplar_filter = ExemplarFilter::AlwaysOn;
    options.views = views;
    let streams = Streams::new(options);
    let reader = StoreReader::new();
    let plans = streams.clone();
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.clone())
        .with_view(sdk_view(Arc::new(move |scope, name, unit, kind| {
            plans.plan_of(scope, name, unit, kind)
        })))
        .build();
    let collector = Collector::new(reader, streams.clone(), Arc::default(), Vec::new());
    let consumer = collector.register(TemporalityPreference::Cumulative);
    let gate = Gate::new(streams, Arc::new(provider.clone()));
    let meter = gate.meter("tests");
    Setup {
        collector: Arc::new(collector),
        consumer,
        gate,
        meter,
        _provider: provider,
    }
}

fn metrics(snapshot: Snapshot) -> Vec<Metric> {
    let scopes = snapshot.scopes.into_iter();
    scopes.flat_map(|scope| scope.metrics).collect()
}

fn histograms(setup: &Setup) -> Vec<Point<Histogram>> {
    let mut metrics = metrics(setup.collector.snapshot(setup.consumer));
    match metrics.pop().map(|metric| metric.data) {
        Some(Data::Histogram { points, .. }) => points,
        other => panic!("not a histogram: {other:?}"),
    }
}

fn sums(setup: &Setup) -> Vec<Point<Number>> {
    let mut metrics = metrics(setup.collector.snapshot(setup.consumer));
    match metrics.pop().map(|metric| metric.data) {
        Some(Data::Sum { points, .. }) => points,
        other => panic!("not a sum: {other:?}"),
    }
}

#[test]
fn exemplars_follow_a_view_that_renames_and_drops_labels() {
    let view = View::select("request.*")
        .rename("renamed")
        .drop_labels(["user"])
        .buckets(vec![1.0, 5.0]);
    let setup = setup(vec![view]);
    let histogram = setup.meter.f64_histogram("request.duration").build();
    histogram.record(7.0, &[KeyValue::new("user", "u"), KeyValue::new("a", 1)]);
    histogram.record(0.5, &[KeyValue::new("a", 1)]);

    let points = histograms(&setup);
    assert_eq!(&*points[0].attributes, &[KeyValue::new("a", 1)]);
    assert_eq!(points[0].value.counts, [1, 0, 1]);
    let exemplars = &points[0].exemplars;
    let values: Vec<f64> = exemplars.iter().map(|one| one.value).collect();
    assert_eq!(values, [0.5, 7.0]);
    assert_eq!(
        exemplars[1].filtered_attributes,
        [KeyValue::new("user", "u")]
    );
}

#[test]
fn exemplars_beyond_the_limit_belong_to_the_overflow_series() {
    let setup = setup(vec![View::select("*").limit(2)]);
    let counter = setup.meter.u64_counter("counter").build();
    for n in 0..10 {
        counter.add(1, &[KeyValue::new("n", n)]);
    }
    let points = sums(&setup);
    assert_eq!(points.len(), 3);
    let total: f64 = points.iter().map(|point| point.value.as_f64()).sum();
    assert_eq!(total, 10.0);
    let mut overflow = points.iter();
    let overflow = overflow.find(|point| point.attributes == overflow_attributes());
    let Some(overflow) = overflow else {
        panic!("no overflow series in {points:?}");
    };
    assert_eq!(overflow.value, Number::U64(8));
    assert!(!overflow.exemplars.is_empty());
}

#[test]
fn observed_values_beyond_the_limit_are_summed() {
    let setup = setup(vec![View::select("*").limit(2)]);
    let deltas = setup.collector.register(TemporalityPreference::Delta);
    let seen = Arc::new(AtomicU64::new(0));
    let observed = seen.clone();
    let _counter = setup
        .meter
        .u64_observable_counter("observed")
        .with_callback(move |observer| {
            for n in 1..=observed.load(Ordering::SeqCst) {
                observer.observe(n, &[KeyValue::new("n", n.to_string())]);
            }
        })
        .build();
    // What is new, if the sets that come had not been there before and the others stay as they are.
    for (most, new) in [
        (6, 21),
        (6, 0),
        (7, 7),
        (2, 0),
        (2, 0),
        (1, 0),
        (0, 0),
        (6, 21),
    ] {
        seen.store(most, Ordering::SeqCst);
        let total = |consumer| -> f64 {
            let metrics = metrics(setup.collector.snapshot(consumer));
            let points = metrics.iter().flat_map(|metric| match &metric.data {
                Data::Sum { points, .. } => points.clone(),
                other => panic!("not a sum: {other:?}"),
            });
            let points: Vec<Point<Number>> = points.collect();
            assert!(points.len() <= 3, "{points:?}");
            points.iter().map(|point| point.value.as_f64()).sum()
        };
        assert_eq!(total(setup.consumer), (most * (most + 1) / 2) as f64);
        assert_eq!(total(deltas), f64::from(new));
        setup.collector.acknowledge(deltas);
    }
}

#[test]
fn a_view_makes_a_histogram_exponential() {
    let view = View::select("*").aggregation(Aggregation::exponential());
    let setup = setup(vec![view]);
    let histogram = setup.meter.f64_histogram("histogram").build();
    for value in [0.5, 1e9] {
        histogram.record(value, &[]);
        setup.collector.collect();
    }
    let mut metrics = metrics(setup.collector.snapshot(setup.consumer));
    let Some(Data::ExponentialHistogram { points, .. }) = metrics.pop().map(|metric| metric.data)
    else {
        panic!("not exponential");
    };
    assert_eq!(points[0].value.count, 2);
    let values: Vec<f64> = points[0].exemplars.iter().map(|one| one.value).collect();
    assert_eq!(values, [0.5, 1e9]);
}

#[test]
fn an_instrument_made_in_a_callback_counts_from_then_on() {
    let setup = setup(Vec::new());
    let meter = setup.gate.meter("tests");
    let _gauge = setup
        .meter
        .u64_observable_gauge("a.gauge")
        .with_callback(move |observer| {
            meter.u64_counter("late").build().add(1, &[]);
            observer.observe(1, &[]);
        })
        .build();
    setup.collector.collect();
    assert_eq!(sums(&setup)[0].value, Number::U64(1));
}

/// A callback that hangs must not take the threads of the private runtime one by one.
#[test]
fn a_hanging_callback_takes_one_thread() {
    use std::{sync::mpsc, time::Duration};

    use runar_otel_pipeline::{
        background::Background,
        schedule::{Push, PushOptions, Sink},
    };

    let setup = setup(Vec::new());
    let (open, never) = mpsc::channel::<()>();
    let never = std::sync::Mutex::new(never);
    setup
        .meter
        .u64_observable_gauge("hangs")
        .with_callback(move |_| {
            let _ = never.lock().map(|never| never.recv());
        })
        .build();
    let background = Background::start().unwrap();
    let mut options = PushOptions::default();
    options.interval = Duration::from_millis(5);
    options.timeout = Duration::from_millis(5);
    let push = Push::spawn(
        background.handle(),
        setup.collector.clone(),
        Sink::Console,
        options,
    );
    std::thread::sleep(Duration::from_millis(300));
    let (done, free) = mpsc::channel();
    background.handle().spawn_blocking(move || done.send(()));
    let free = free.recv_timeout(Duration::from_secs(2));
    drop((push, open));
    assert!(
        free.is_ok(),
        "no thread is left, not even to look up a name"
    );
}
