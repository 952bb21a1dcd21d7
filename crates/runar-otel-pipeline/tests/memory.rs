//! What a series takes in memory, beside the SDK alone: bytes that stay allocated.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::SystemTime};

use allocation_counter::measure;
use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::{
    ManualReader, SdkMeterProvider, Stream, data::ResourceMetrics, reader::MetricReader as _,
};
use runar_otel_core::{
    Counter, Gauge, Histogram,
    gate::{Gate, GateOptions, Streams},
    install,
};
use runar_otel_pipeline::{
    collect::{StoreReader, convert, sdk_view},
    store::{Store, TemporalityPreference},
};

const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Handles,
    Labels,
}

/// Bytes per series.
#[derive(Debug)]
struct Bytes {
    /// Of handles or interned labels, and of the SDK.
    recording: f64,
    /// Of the store.
    store: f64,
}

impl Bytes {
    fn all(&self) -> f64 {
        self.recording + self.store
    }
}

fn labels(series: usize) -> [(&'static str, String); 3] {
    [
        ("method", "GET".to_owned()),
        ("route", format!("/orders/{series}")),
        ("status", "200".to_owned()),
    ]
}

/// What is kept in memory is never let go in these tests: the process ends soon.
fn kept<T>(series: usize, make: impl FnOnce() -> T) -> f64 {
    let mut made = None;
    let bytes = measure(|| made = Some(make())).bytes_current;
    std::mem::forget(made);
    bytes as f64 / series as f64
}

fn ours(name: &'static str, kind: Kind, reach: Reach, series: usize) -> Bytes {
    let mut options = GateOptions::default();
    options.limit = series + 1;
    let streams = Streams::new(options);
    let plans = streams.clone();
    let view = sdk_view(Arc::new(move |scope: &_, name: &str, unit: &str, kind| {
        plans.plan_of(scope, name, unit, kind)
    }));
    let reader = StoreReader::new();
    let provider = SdkMeterProvider::builder()
        .with_view(view)
        .with_reader(reader.clone())
        .build();
    let gate = Gate::new(streams.clone(), Arc::new(provider.clone()));
    // From then on measurements wait in rings, as they do in an application.
    let mut metrics = ResourceMetrics::default();
    reader.collect(&mut metrics).unwrap();
    install(Arc::new(gate));
    let mut store = Store::new();
    let consumer = store.register(TemporalityPreference::Cumulative);
    let recording = kept(series, || record(name, kind, reach, series));
    reader.collect(&mut metrics).unwrap();
    let store = kept(series, || {
        let collected = convert(&metrics, SystemTime::now(), &*streams, &store);
        store.ingest(collected);
        let scopes = store.snapshot(consumer);
        assert_eq!(scopes.len(), 1);
        drop(scopes);
        store
    });
    Bytes { recording, store }
}

fn record(
    name: &'static str,
    kind: Kind,
    reach: Reach,
    series: usize,
) -> Vec<Box<dyn std::any::Any>> {
    macro_rules! record {
        ($new:expr, $record:ident, $record_with:ident, $($value:expr)?) => {
            match reach {
                Reach::Labels => {
                    let handle = $new.register();
                    for one in 0..series {
                        let labels = labels(one);
                        let labels = labels.each_ref().map(|(name, value)| (*name, value.as_str()));
                        handle.$record_with($($value,)? &labels);
                    }
                    vec![Box::new(handle)]
                }
                Reach::Handles => {
                    let each = |one| {
                        let labels = labels(one).into_iter();
                        let handle = labels
                            .fold($new, |handle, (name, value)| handle.with_label(name, value))
                            .register();
                        handle.$record($($value)?);
                        handle
                    };
                    // One list of handles, as an application has it.
                    vec![Box::new((0..series).map(each).collect::<Vec<_>>())]
                }
            }
        };
    }
    match kind {
        Kind::Counter => record!(Counter::new(name, ""), increment, increment_with,),
        Kind::Gauge => record!(Gauge::new(name, ""), set, set_with, 1.0),
        Kind::Histogram => {
            let new = || Histogram::new(name, "").with_buckets(BOUNDS.into());
            record!(new(), observe, observe_with, 0.3)
        }
    }
}

/// The SDK alone, recorded with attributes per call, with a reader as it comes.
fn raw(kind: Kind, series: usize) -> f64 {
    let view = move |_: &_| {
        let stream = Stream::builder().with_cardinality_limit(series + 1);
        stream.build().ok()
    };
    let reader = ManualReader::builder().build();
    let provider = SdkMeterProvider::builder()
        .with_view(view)
        .with_reader(reader)
        .build();
    let meter = provider.meter("raw");
    let bytes = kept(series, || record_raw(&meter, kind, series));
    std::mem::forget(provider);
    bytes
}

fn record_raw(meter: &Meter, kind: Kind, series: usize) -> Box<dyn std::any::Any> {
    let attributes = |one| labels(one).map(|(name, value)| KeyValue::new(name, value));
    match kind {
        Kind::Counter => {
            let counter = meter.u64_counter("raw").build();
            (0..series).for_each(|one| counter.add(1, &attributes(one)));
            Box::new(counter)
        }
        Kind::Gauge => {
            let gauge = meter.f64_gauge("raw").build();
            (0..series).for_each(|one| gauge.record(1.0, &attributes(one)));
            Box::new(gauge)
        }
        Kind::Histogram => {
            let histogram = meter.f64_histogram("raw");
            let histogram = histogram.with_boundaries(BOUNDS.into()).build();
            (0..series).for_each(|one| histogram.record(0.3, &attributes(one)));
            Box::new(histogram)
        }
    }
}

/// How often the memory of the SDK alone a series may take in all, and how often in the store.
///
/// Most of it is what the recording side keeps of each series: its handle, its bound instrument, its labels in their
/// own form and in that of the SDK.
const PINS: [(Kind, Reach, f64, f64); 5] = [
    (Kind::Counter, Reach::Handles, 3.3, 0.45),
    (Kind::Counter, Reach::Labels, 4.0, 0.45),
    (Kind::Histogram, Reach::Handles, 3.8, 0.85),
    (Kind::Histogram, Reach::Labels, 3.8, 0.85),
    // Whatever way a gauge is set, its values are kept in the same cells.
    (Kind::Gauge, Reach::Handles, 3.7, 1.3),
];

/// Everything is in one test: there is one gate in a process.
#[test]
fn a_series_takes_what_it_may_and_no_more_among_many() {
    let few = ours("few_total", Kind::Counter, Reach::Labels, 10_000);
    let many = ours("many_total", Kind::Counter, Reach::Labels, 100_000);
    let growth = many.all() / few.all();
    assert!((0.75..1.25).contains(&growth), "{few:?}, {many:?}");
    for (kind, reach, pin, store) in PINS {
        let name = String::leak(format!("memory_{kind:?}_{reach:?}").to_lowercase());
        let own = ours(name, kind, reach, 10_000);
        let raw = raw(kind, 10_000);
        println!("{kind:?} {reach:?}: {own:?}, the SDK alone {raw:.0}");
        assert!(own.all() < pin * raw, "{kind:?} {reach:?}: {own:?}, {raw}");
        assert!(
            own.store < store * raw,
            "{kind:?} {reach:?}: {own:?}, {raw}"
        );
    }
}
