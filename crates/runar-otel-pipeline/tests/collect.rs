//! Collecting from a real SDK: totals and deltas over several collections, for every kind of instrument.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so when it fails"
)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream};
use runar_otel_core::{
    attributes::canonical,
    exemplar::Exemplar,
    gate::stream::{InstrumentKind, Shape},
};
use runar_otel_pipeline::{
    collect::{Collector, Gate, Plans, Producer, StoreReader},
    snapshot::{Data, Metric, Number, Point, Resource, ScopeMetrics, Snapshot, Temporality},
    store::{ConsumerId, StreamExemplars, StreamFacts, StreamId, TemporalityPreference},
};

/// A gate that knows the kinds by the first part of the name, and holds the exemplars put into it.
#[derive(Default)]
struct TestGate {
    exemplars: Mutex<Vec<StreamExemplars>>,
}

impl Plans for TestGate {
    fn facts(
        &self,
        _scope: &InstrumentationScope,
        name: &str,
        _unit: &str,
        _shape: Shape,
    ) -> Option<StreamFacts> {
        let kind = match name.split('.').next()? {
            "observed_counter" => InstrumentKind::ObservableCounter,
            "observed_up_down" => InstrumentKind::ObservableUpDownCounter,
            "observed_gauge" => InstrumentKind::ObservableGauge,
            "up_down" => InstrumentKind::UpDownCounter,
            _ => return None,
        };
        Some(StreamFacts::new(kind))
    }

    fn label_sets(
        &self,
        _: &InstrumentationScope,
        _: &str,
        _: &str,
        _: Shape,
    ) -> Vec<runar_otel_core::attributes::Attributes> {
        Vec::new()
    }
}

impl Gate for TestGate {
    fn freeze(&self) -> Vec<StreamExemplars> {
        std::mem::take(&mut self.exemplars.lock().unwrap())
    }

    fn during_collection(&self, collect: &mut dyn FnMut()) {
        collect();
    }
}

struct Setup {
    collector: Arc<Collector>,
    gate: Arc<TestGate>,
    provider: SdkMeterProvider,
    meter: Meter,
}

fn setup() -> Setup {
    setup_with(|_| None, Vec::new())
}

fn setup_with(
    view: impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static,
    producers: Vec<Arc<dyn Producer>>,
) -> Setup {
    let reader = StoreReader::new();
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.clone())
        .with_view(view)
        .build();
    let gate = Arc::new(TestGate::default());
    let resource = Arc::new(Resource::default());
    let collector = Arc::new(Collector::new(reader, gate.clone(), resource, producers));
    let meter = provider.meter("tests");
    Setup {
        collector,
        gate,
        provider,
        meter,
    }
}

fn metric(snapshot: &Snapshot, name: &str) -> Option<Metric> {
    let metrics = snapshot.scopes.iter().flat_map(|scope| &scope.metrics);
    metrics.clone().find(|metric| metric.name == name).cloned()
}

fn points(snapshot: &Snapshot, name: &str) -> Vec<Point<Number>> {
    match metric(snapshot, name).map(|metric| metric.data) {
        Some(Data::Sum { points, .. } | Data::Gauge(points)) => points,
        None => Vec::new(),
        other => panic!("{name} has no numbers: {other:?}"),
    }
}

fn value(snapshot: &Snapshot, name: &str) -> Option<f64> {
    let points = points(snapshot, name);
    assert!(points.len() <= 1, "{name}: {points:?}");
    points.first().map(|point| point.value.as_f64())
}

#[test]
fn synchronous_instruments_keep_their_totals() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let counter = meter.u64_counter("counter").build();
    let up_down = meter.i64_up_down_counter("up_down").build();
    let gauge = meter.f64_gauge("gauge").build();
    let histogram = meter
        .f64_histogram("histogram")
        .with_boundaries(vec![1.0, 5.0])
        .build();
    for round in 1..=3_u32 {
        counter.add(2, &[]);
        up_down.add(-1, &[]);
        histogram.record(f64::from(round), &[]);
        if round == 1 {
            gauge.record(7.5, &[]);
        }
        collector.collect();
    }
    let snapshot = collector.snapshot(totals);
    assert_eq!(points(&snapshot, "counter")[0].value, Number::U64(6));
    assert_eq!(points(&snapshot, "up_down")[0].value, Number::I64(-3));
    assert_eq!(points(&snapshot, "gauge")[0].value, Number::F64(7.5));
    assert_eq!(points(&snapshot, "gauge")[0].start, None);
    let Some(Data::Histogram {
        points,
        temporality: Temporality::Cumulative,
    }) = metric(&snapshot, "histogram").map(|metric| metric.data)
    else {
        panic!("not a cumulative histogram");
    };
    let histogram = &points[0].value;
    assert_eq!((histogram.count, histogram.sum), (3, Some(6.0)));
    assert_eq!((histogram.min, histogram.max), (Some(1.0), Some(3.0)));
    assert_eq!(histogram.counts, [1, 2, 0]);
}

#[test]
fn observed_instruments_disappear_and_return() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    // Zero: nothing is observed.
    let level = Arc::new(AtomicU64::new(10));
    let (one, two, three) = (level.clone(), level.clone(), level.clone());
    let _counter = meter
        .u64_observable_counter("observed_counter")
        .with_callback(move |observer| match one.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(level, &[KeyValue::new("b", 1), KeyValue::new("a", 2)]),
        })
        .build();
    let _up_down = meter
        .f64_observable_up_down_counter("observed_up_down")
        .with_callback(move |observer| match two.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(-(level as f64), &[]),
        })
        .build();
    let _gauge = meter
        .u64_observable_gauge("observed_gauge")
        .with_callback(move |observer| match three.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(level, &[]),
        })
        .build();
    for observed in [10, 10, 15, 0, 20, 21] {
        level.store(observed, Ordering::SeqCst);
        let snapshot = collector.snapshot(totals);
        let expected = (observed > 0).then_some(observed as f64);
        assert_eq!(value(&snapshot, "observed_counter"), expected);
        assert_eq!(value(&snapshot, "observed_gauge"), expected);
        let negative = expected.map(|level| -level);
        assert_eq!(value(&snapshot, "observed_up_down"), negative);
    }
    let snapshot = collector.snapshot(totals);
    let point = &points(&snapshot, "observed_counter")[0];
    let sorted = canonical(&[KeyValue::new("a", 2), KeyValue::new("b", 1)]);
    assert_eq!(point.attributes, sorted);
}

/// With overflow checks, as in this test, the SDK itself cannot subtract what fell.
#[test]
fn an_observed_counter_may_be_reset() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let deltas = collector.register(TemporalityPreference::Delta);
    let level = Arc::new(AtomicU64::new(0));
    let (whole, real) = (level.clone(), level.clone());
    let _whole = meter
        .u64_observable_counter("observed_counter.whole")
        .with_callback(move |observer| observer.observe(whole.load(Ordering::SeqCst), &[]))
        .build();
    let _real = meter
        .f64_observable_counter("observed_counter.real")
        .with_callback(move |observer| observer.observe(real.load(Ordering::SeqCst) as f64, &[]))
        .build();
    let counter = meter.u64_counter("counter").build();
    let mut starts = Vec::new();
    for (round, observed, new) in [(1, 10, 10), (2, 12, 2), (3, 3, 3), (4, 4, 1)] {
        level.store(observed, Ordering::SeqCst);
        counter.add(1, &[]);
        let snapshot = collector.snapshot(totals);
        assert_eq!(value(&snapshot, "counter"), Some(f64::from(round)));
        let whole = &points(&snapshot, "observed_counter.whole")[0];
        assert_eq!(whole.value, Number::U64(observed));
        starts.push(whole.start);
        let real = value(&snapshot, "observed_counter.real");
        assert_eq!(real, Some(observed as f64));

        let snapshot = collector.snapshot(deltas);
        for name in ["observed_counter.whole", "observed_counter.real"] {
            assert_eq!(value(&snapshot, name), Some(f64::from(new)));
        }
        collector.acknowledge(deltas);
    }
    assert_eq!((starts[0], starts[2]), (starts[1], starts[3]));
    assert!(starts[1] < starts[2]);
}

#[test]
fn observed_instruments_are_known_without_facts() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let level = Arc::new(AtomicU64::new(0));
    let (one, two) = (level.clone(), level.clone());
    let _counter = meter
        .u64_observable_counter("nobody.knows")
        .with_callback(move |observer| match one.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(level, &[]),
        })
        .build();
    let _up_down = meter
        .f64_observable_up_down_counter("nobody.either")
        .with_callback(move |observer| match two.load(Ordering::SeqCst) {
            0 => {}
            level => observer.observe(-(level as f64), &[]),
        })
        .build();
    for observed in [7, 7, 0, 9, 2] {
        level.store(observed, Ordering::SeqCst);
        let snapshot = collector.snapshot(totals);
        let expected = (observed > 0).then_some(observed as f64);
        assert_eq!(value(&snapshot, "nobody.knows"), expected);
        let negative = expected.map(|level| -level);
        assert_eq!(value(&snapshot, "nobody.either"), negative);
    }
}

#[test]
fn histograms_of_observed_values_count_each_observation_once() {
    for exponential in [false, true] {
        let view = move |_: &Instrument| {
            let aggregation = if exponential {
                Aggregation::Base2ExponentialHistogram {
                    max_size: 160,
                    max_scale: 20,
                    record_min_max: true,
                }
            } else {
                Aggregation::ExplicitBucketHistogram {
                    boundaries: vec![1.0, 5.0],
                    record_min_max: true,
                }
            };
            Stream::builder().with_aggregation(aggregation).build().ok()
        };
        let setup = setup_with(view, Vec::new());
        let Setup {
            collector, meter, ..
        } = &setup;
        let totals = collector.register(TemporalityPreference::Cumulative);
        let deltas = collector.register(TemporalityPreference::Delta);
        let level = Arc::new(AtomicU64::new(0));
        let (one, two) = (level.clone(), level.clone());
        let _counter = meter
            .u64_observable_counter("observed_counter")
            .with_callback(move |observer| observer.observe(one.load(Ordering::SeqCst), &[]))
            .build();
        let _gauge = meter
            .u64_observable_gauge("observed_gauge")
            .with_callback(move |observer| observer.observe(two.load(Ordering::SeqCst), &[]))
            .build();
        let count = |snapshot: &Snapshot, name: &str| match metric(snapshot, name) {
            Some(Metric {
                data: Data::Histogram { points, .. },
                ..
            }) => (points[0].value.count, points[0].value.min),
            Some(Metric {
                data: Data::ExponentialHistogram { points, .. },
                ..
            }) => (points[0].value.count, points[0].value.min),
            other => panic!("not a histogram: {other:?}"),
        };
        let names = ["observed_counter", "observed_gauge"];
        let mut received = [0, 0];
        // Each snapshot collects, and so observes once.
        for collections in (1..8).step_by(2) {
            level.store(2 + collections, Ordering::SeqCst);
            let snapshot = collector.snapshot(deltas);
            for (received, name) in received.iter_mut().zip(names) {
                *received += count(&snapshot, name).0;
                assert_eq!(*received, collections);
            }
            collector.acknowledge(deltas);
            let snapshot = collector.snapshot(totals);
            for name in names {
                assert_eq!(count(&snapshot, name), (collections + 1, Some(3.0)));
            }
        }
    }
}

#[test]
fn consumers_of_totals_and_of_deltas_agree() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let deltas = collector.register(TemporalityPreference::Delta);
    let counter = meter.u64_counter("counter").build();
    let level = Arc::new(AtomicU64::new(0));
    let observed = level.clone();
    let _observed = meter
        .u64_observable_counter("observed_counter")
        .with_callback(move |observer| observer.observe(observed.load(Ordering::SeqCst), &[]))
        .build();
    let names = ["counter", "observed_counter"];
    let mut received = [0.0; 2];
    let mut until = [None; 2];
    for round in 0..10_u64 {
        counter.add(round + 1, &[]);
        level.fetch_add(round + 1, Ordering::SeqCst);
        let snapshot = collector.snapshot(deltas);
        if round % 3 == 1 {
            continue;
        }
        for (index, name) in names.into_iter().enumerate() {
            let points = points(&snapshot, name);
            if until[index].is_some() {
                assert_eq!(points[0].start, until[index]);
            }
            received[index] += points[0].value.as_f64();
            until[index] = Some(points[0].time);
        }
        collector.acknowledge(deltas);
    }
    assert_eq!(received, [55.0; 2]);
    let snapshot = collector.snapshot(totals);
    assert_eq!(names.map(|name| value(&snapshot, name)), [Some(55.0); 2]);
}

#[test]
fn exponential_histograms_add_up() {
    let view = |_: &Instrument| {
        let aggregation = Aggregation::Base2ExponentialHistogram {
            max_size: 160,
            max_scale: 20,
            record_min_max: true,
        };
        Stream::builder().with_aggregation(aggregation).build().ok()
    };
    let setup = setup_with(view, Vec::new());
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let histogram = meter.f64_histogram("histogram").build();
    let up_down = meter.f64_up_down_counter("up_down").build();
    for value in [1.5, 0.0, -3.0, 1e6] {
        histogram.record(value, &[]);
        up_down.add(value, &[]);
        collector.collect();
    }
    let exponential = |name: &str| match metric(&collector.snapshot(totals), name) {
        Some(Metric {
            data: Data::ExponentialHistogram { mut points, .. },
            ..
        }) => points.remove(0).value,
        other => panic!("not an exponential histogram: {other:?}"),
    };
    let all = exponential("histogram");
    assert_eq!((all.count, all.zero_count), (4, 1));
    assert_eq!(all.positive.counts.iter().sum::<u64>(), 2);
    assert_eq!(all.negative.counts, [1]);
    assert!(all.positive.counts.len() <= 160 && all.positive.counts.len() > 79);
    assert_eq!((all.min, all.max), (Some(-3.0), Some(1e6)));
    assert_eq!(all.sum, Some(1e6 - 1.5));
    assert_eq!(exponential("up_down").sum, None);
}

#[test]
fn exemplars_of_reservoirs_reach_every_consumer() {
    let setup = setup();
    let Setup {
        collector,
        gate,
        meter,
        ..
    } = &setup;
    let consumers = [
        TemporalityPreference::Cumulative,
        TemporalityPreference::Delta,
    ]
    .map(|preference| collector.register(preference));
    let histogram = meter
        .f64_histogram("histogram")
        .with_boundaries(vec![1.0, 5.0])
        .build();
    for value in [7.0, 0.5] {
        histogram.record(value, &[]);
    }
    let now = SystemTime::now();
    let held = vec![Exemplar::new(7.0, now), Exemplar::new(0.5, now)];
    gate.exemplars.lock().unwrap().push(StreamExemplars {
        scope: InstrumentationScope::builder("tests").build(),
        stream: StreamId::new("Histogram", "".into(), Shape::Histogram),
        series: vec![(canonical(&[]), held)],
    });
    let exemplars = |consumer: ConsumerId| match metric(&collector.snapshot(consumer), "histogram")
    {
        Some(Metric {
            data: Data::Histogram { mut points, .. },
            ..
        }) => points.remove(0).exemplars,
        other => panic!("not a histogram: {other:?}"),
    };
    for consumer in consumers {
        let values: Vec<f64> = exemplars(consumer).iter().map(|one| one.value).collect();
        assert_eq!(values, [0.5, 7.0]);
    }
}

struct External;

impl Producer for External {
    fn produce(&self, _now: SystemTime) -> Vec<ScopeMetrics> {
        vec![ScopeMetrics {
            scope: InstrumentationScope::builder("external").build(),
            metrics: Vec::new(),
        }]
    }
}

struct Broken;

impl Producer for Broken {
    fn produce(&self, _now: SystemTime) -> Vec<ScopeMetrics> {
        panic!("as intended")
    }
}

#[test]
fn producers_join_every_snapshot_and_cannot_break_it() {
    let setup = setup_with(|_| None, vec![Arc::new(Broken), Arc::new(External)]);
    let Setup {
        collector, meter, ..
    } = &setup;
    meter.u64_counter("counter").build().add(1, &[]);
    for preference in [
        TemporalityPreference::Cumulative,
        TemporalityPreference::Delta,
    ] {
        let consumer = collector.register(preference);
        let snapshot = collector.snapshot(consumer);
        let scopes: Vec<&str> = snapshot.scopes.iter().map(|one| one.scope.name()).collect();
        assert_eq!(scopes, ["tests", "external"]);
    }
}

#[test]
fn a_failing_sdk_leaves_the_last_totals() {
    let setup = setup();
    let Setup {
        collector,
        meter,
        provider,
        ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let counter = meter.u64_counter("counter").build();
    counter.add(1, &[]);
    collector.collect();
    let _broken = meter
        .u64_observable_gauge("observed_gauge")
        .with_callback(|_| panic!("as intended"))
        .build();
    for _ in 0..2 {
        counter.add(1, &[]);
        assert_eq!(value(&collector.snapshot(totals), "counter"), Some(1.0));
    }
    provider.shutdown().unwrap_or_default();
    assert_eq!(value(&collector.snapshot(totals), "counter"), Some(1.0));
}

#[test]
fn collecting_within_a_callback_does_not_wait_for_itself() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let inner = Arc::downgrade(collector);
    let _nested = meter
        .u64_observable_gauge("observed_gauge")
        .with_callback(move |observer| {
            if let Some(collector) = inner.upgrade() {
                collector.collect();
            }
            observer.observe(1, &[]);
        })
        .build();
    assert_eq!(
        value(&collector.snapshot(totals), "observed_gauge"),
        Some(1.0)
    );
}

#[test]
fn concurrent_snapshots_lose_nothing() {
    let setup = setup();
    let Setup {
        collector, meter, ..
    } = &setup;
    let totals = collector.register(TemporalityPreference::Cumulative);
    let counter = meter.u64_counter("counter").build();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let counter = counter.clone();
            scope.spawn(move || {
                for own in 1..=50_u32 {
                    counter.add(1, &[]);
                    let seen = value(&collector.snapshot(totals), "counter").unwrap();
                    // What the caller recorded before it asked is always there.
                    assert!(seen >= f64::from(own));
                }
            });
        }
    });
    assert_eq!(value(&collector.snapshot(totals), "counter"), Some(200.0));
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
fn a_failing_sdk_is_reported_once() {
    let setup = setup();
    let reports = Arc::new(AtomicU64::new(0));
    tracing::subscriber::with_default(Reports(reports.clone()), || {
        setup.collector.collect();
        assert_eq!(reports.load(Ordering::SeqCst), 0);
        setup.provider.shutdown().unwrap();
        for _ in 0..3 {
            setup.collector.collect();
        }
    });
    assert_eq!(reports.load(Ordering::SeqCst), 1);
}
