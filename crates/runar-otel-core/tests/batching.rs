//! Batching: whatever threads do, every reader sees every measurement once.

#![allow(dead_code, reason = "the reader can do more than is needed here")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "recording/reader.rs"]
mod reader;

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, Counter, Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::{
    Instrument, SdkMeterProvider, Stream, Temporality,
    data::{AggregatedMetrics, HistogramDataPoint, MetricData, ResourceMetrics, SumDataPoint},
    reader::MetricReader,
};
use runar_otel_core::gate::{Gate, GateOptions, Streams, during_collection};
use tracing_subscriber::layer::SubscriberExt;

use crate::reader::Reader;

/// What a reader saw, by metric: the sum of a counter, the count of a histogram.
type Seen = BTreeMap<String, u64>;

struct Setting {
    meter: Meter,
    delta: Reader,
    cumulative: Reader,
    _provider: SdkMeterProvider,
}

impl Setting {
    fn new(view: impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static) -> Self {
        let delta = Reader::new(Temporality::Delta);
        let cumulative = Reader::new(Temporality::Cumulative);
        let provider = SdkMeterProvider::builder()
            .with_reader(delta.clone())
            .with_reader(cumulative.clone())
            .with_view(view)
            .build();
        let inner: Arc<dyn MeterProvider + Send + Sync> = Arc::new(provider.clone());
        let gate = Gate::new(Streams::new(GateOptions::default()), inner);
        let setting = Self {
            meter: gate.meter("batching"),
            delta,
            cumulative,
            _provider: provider,
        };
        // Only then something may wait.
        setting.collect(&setting.delta, &mut Seen::new());
        setting
    }

    fn collect(&self, reader: &Reader, seen: &mut Seen) {
        let mut metrics = ResourceMetrics::default();
        during_collection(|| reader.collect(&mut metrics)).unwrap();
        for scope in metrics.scope_metrics() {
            for metric in scope.metrics() {
                let value = match metric.data() {
                    AggregatedMetrics::F64(MetricData::Sum(sum)) => {
                        let sum: f64 = sum.data_points().map(SumDataPoint::value).sum();
                        format!("{sum:.0}").parse().unwrap()
                    }
                    AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                        sum.data_points().map(SumDataPoint::value).sum()
                    }
                    AggregatedMetrics::F64(MetricData::Histogram(histogram)) => histogram
                        .data_points()
                        .map(HistogramDataPoint::count)
                        .sum::<u64>(),
                    other => unreachable!("{other:?}"),
                };
                *seen.entry(metric.name().to_owned()).or_default() += value;
            }
        }
    }
}

fn sets() -> Vec<[KeyValue; 1]> {
    (0..5).map(|at| [KeyValue::new("at", at)]).collect()
}

#[test]
fn every_reader_sees_everything_once_while_threads_come_and_go() {
    const THREADS: u64 = 6;
    const LIVES: u64 = 5;
    const RECORDS: u64 = 3_000;
    let setting = Setting::new(|_| None);
    let counter = setting.meter.u64_counter("c").build();
    let histogram = setting.meter.f64_histogram("h").build();
    let bound: Vec<_> = sets()
        .iter()
        .map(|set| (counter.bind(set), histogram.bind(set)))
        .collect();
    let over = AtomicBool::new(false);
    let mut deltas = Seen::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..LIVES {
                        let life = || {
                            for at in 0..RECORDS {
                                let series = usize::try_from(at * at % 5).unwrap();
                                let (counter, histogram) = &bound[series];
                                counter.add(2);
                                histogram.record(0.5);
                            }
                        };
                        // A thread of its own: rings end with their threads.
                        thread::scope(|inner| inner.spawn(life).join()).unwrap();
                    }
                })
            })
            .collect();
        let collector = scope.spawn(|| {
            let mut deltas = Seen::new();
            while !over.load(Ordering::Relaxed) {
                setting.collect(&setting.delta, &mut deltas);
                setting.collect(&setting.cumulative, &mut Seen::new());
            }
            deltas
        });
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        over.store(true, Ordering::Relaxed);
        deltas = collector.join().unwrap();
    });
    setting.collect(&setting.delta, &mut deltas);
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    let expected = THREADS * LIVES * RECORDS;
    let expected = Seen::from([("c".to_owned(), 2 * expected), ("h".to_owned(), expected)]);
    assert_eq!(deltas, expected);
    assert_eq!(totals, expected);
}

#[test]
fn what_waits_for_a_series_that_ends_is_recorded() {
    let setting = Setting::new(|_| None);
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
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    assert_eq!(totals["c"], recorded.load(Ordering::Relaxed));
}

#[test]
fn a_provider_that_drops_the_hook_gets_everything_at_once() {
    let drop_all = |instrument: &Instrument| {
        let ours = instrument.name().starts_with("runar_otel");
        ours.then(|| {
            let dropped = opentelemetry_sdk::metrics::Aggregation::Drop;
            Stream::builder().with_aggregation(dropped).build().unwrap()
        })
    };
    let setting = Setting::new(drop_all);
    let counter = setting.meter.u64_counter("c").build();
    let bound = counter.bind(&[]);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..100).for_each(|_| bound.add(1)));
        }
    });
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    assert_eq!(totals["c"], 300);
}

#[test]
fn readers_see_nothing_of_the_hook() {
    let setting = Setting::new(|_| None);
    let mut metrics = ResourceMetrics::default();
    setting.cumulative.collect(&mut metrics).unwrap();
    assert_eq!(metrics.scope_metrics().count(), 0);
}

/// Counts when it is dropped, which is when its thread ends.
struct AtTheEnd(BoundCounter<u64>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        self.0.add(1);
    }
}

#[test]
fn what_a_thread_records_while_it_ends_counts() {
    thread_local!(static KEPT: OnceCell<AtTheEnd> = const { OnceCell::new() });
    let setting = Setting::new(|_| None);
    let counter = setting.meter.u64_counter("c").build();
    let keep = || {
        let end = AtTheEnd(counter.bind(&[]));
        KEPT.with(|kept| kept.set(end).is_ok())
    };
    // What is born first dies last: with its ring gone, or with its ring there.
    for ring_first in [true, false] {
        let life = || {
            if ring_first {
                counter.bind(&[]).add(1);
            }
            assert!(keep());
            if !ring_first {
                counter.bind(&[]).add(1);
            }
        };
        thread::scope(|scope| scope.spawn(life).join()).unwrap();
    }
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    assert_eq!(totals["c"], 4);
}

#[test]
fn a_thread_that_nobody_collects_from_loses_nothing() {
    let setting = Setting::new(|_| None);
    let (counter, histogram) = (
        setting.meter.u64_counter("c").build().bind(&[]),
        setting.meter.f64_histogram("h").build().bind(&[]),
    );
    for _ in 0..10_000 {
        counter.add(1);
        histogram.record(0.5);
    }
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    assert_eq!(
        totals,
        Seen::from([("c".to_owned(), 10_000), ("h".to_owned(), 10_000)])
    );
}

#[test]
fn what_is_no_number_takes_no_other_measurement_with_it() {
    let setting = Setting::new(|_| None);
    let counter = setting.meter.f64_counter("c").build().bind(&[]);
    for value in [1.0, f64::NAN, 2.0, f64::INFINITY, 4.0] {
        counter.add(value);
    }
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    assert_eq!(totals["c"], 7);
}

/// Counts events of the SDK in a metric.
struct Counting(Counter<u64>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counting {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.0.add(1, &[KeyValue::new("event", 1)]);
    }
}

#[test]
fn what_the_sdk_says_beyond_the_limit_may_be_counted_in_that_very_metric() {
    let limited = |_: &Instrument| Stream::builder().with_cardinality_limit(2).build().ok();
    let setting = Setting::new(limited);
    let counter = setting.meter.u64_counter("c").build();
    let (done, finished) = std::sync::mpsc::channel();
    let layer = Counting(counter.clone());
    thread::spawn(move || {
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for set in sets() {
                counter.bind(&set).add(1);
            }
        });
        done.send(()).unwrap();
    });
    finished.recv_timeout(Duration::from_secs(30)).unwrap();
    let mut totals = Seen::new();
    setting.collect(&setting.cumulative, &mut totals);
    assert!(totals["c"] >= 5, "{totals:?}");
}
