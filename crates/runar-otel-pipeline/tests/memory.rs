//! What a series takes in memory, beside the SDK alone: bytes that stay allocated.

use std::sync::Arc;

use allocation_counter::measure;
use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider, Stream};
use runar_otel_core::{
    Counter, Gauge, Histogram,
    gate::{Gate, GateOptions, Streams},
    install,
    series::set_ceiling,
};
use runar_otel_pipeline::{
    snapshot::{Data, Metric},
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
    /// Of what was recorded, handles included.
    recording: f64,
    /// Of what a consumer of totals keeps once it has read all series.
    reading: f64,
}

impl Bytes {
    fn all(&self) -> f64 {
        self.recording + self.reading
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

fn ours(kind: Kind, reach: Reach, series: usize) -> Bytes {
    let name = format!("memory_{kind:?}_{reach:?}_{series}").to_lowercase();
    let name: &'static str = name.leak();
    let mut options = GateOptions::default();
    options.limit = series + 1;
    // Everything is kept: see below.
    set_ceiling(usize::MAX);
    let streams = Streams::new(options);
    install(Arc::new(Gate::new(streams.clone())));
    let store = Store::new(streams);
    let consumer = store.register(TemporalityPreference::Cumulative);
    let recording = kept(series, || record(name, kind, reach, series));
    let reading = kept(series, || {
        let scopes = store.snapshot(consumer);
        // Levels of the gate before go on.
        let metrics = scopes.iter().flat_map(|scope| &scope.metrics);
        let points = metrics.filter(|metric| metric.name == name).map(points_of);
        assert_eq!(points.sum::<usize>(), series);
    });
    Bytes { recording, reading }
}

fn points_of(metric: &Metric) -> usize {
    match &metric.data {
        Data::Gauge(points) | Data::Sum { points, .. } => points.len(),
        Data::Histogram { points, .. } => points.len(),
        _ => 0,
    }
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

/// How often the memory of the SDK alone a series may take. The SDK has attributes per call in both cases.
const PINS: [(Kind, Reach, f64); 6] = [
    (Kind::Counter, Reach::Handles, 0.85),
    (Kind::Counter, Reach::Labels, 0.60),
    (Kind::Histogram, Reach::Handles, 0.85),
    (Kind::Histogram, Reach::Labels, 0.70),
    // Last: levels go on under the next gate.
    (Kind::Gauge, Reach::Handles, 0.85),
    (Kind::Gauge, Reach::Labels, 0.60),
];

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Everything is in one test: there is one gate in a process.
#[test]
fn a_series_takes_what_it_may_and_no_more_among_many() {
    let mut missed = Vec::new();
    for (kind, reach, pin) in PINS {
        let all = SIZES.map(|series| {
            let (own, raw) = (ours(kind, reach, series), raw(kind, series));
            let line = format!(
                "{kind:?} {reach:?} {series}: {:.1} bytes, the SDK alone {raw:.1}: {:.2} of {pin}",
                own.recording,
                own.all() / raw
            );
            println!("{line}");
            // A consumer of totals keeps nothing of a series.
            if own.reading != 0.0 || own.all() > pin * raw {
                missed.push(line);
            }
            own.all()
        });
        let growth = all[2] / all[1];
        assert!(
            (0.75..1.25).contains(&growth),
            "{kind:?} {reach:?}: {all:?}"
        );
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
