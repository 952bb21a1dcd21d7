//! Collecting from real instruments: totals and deltas over several collections, views, and callbacks that misbehave.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so when it fails"
)]

mod callbacks;
mod kinds;
mod producers;
#[path = "../mirror/reports.rs"]
mod reports;
mod views;

use std::sync::Arc;

use opentelemetry::metrics::{Meter, MeterProvider};
use runar_otel_core::{
    exemplar::ExemplarFilter,
    gate::{Gate, GateOptions, Streams, View},
};
use runar_otel_pipeline::{
    collect::{Collector, Producer},
    snapshot::{Data, Histogram, Metric, Number, Point, Resource, Snapshot},
    store::{ConsumerId, TemporalityPreference},
};

/// A collector, two of its consumers, and a meter whose instruments it collects.
struct Setup {
    collector: Arc<Collector>,
    totals: ConsumerId,
    deltas: ConsumerId,
    gate: Gate,
    meter: Meter,
}

fn setup() -> Setup {
    setup_with(|_| {}, Vec::new())
}

fn setup_of(views: Vec<View>) -> Setup {
    let change = |options: &mut GateOptions| {
        options.exemplar_filter = ExemplarFilter::AlwaysOn;
        options.views = views;
    };
    setup_with(change, Vec::new())
}

fn setup_with(change: impl FnOnce(&mut GateOptions), producers: Vec<Arc<dyn Producer>>) -> Setup {
    let mut options = GateOptions::default();
    change(&mut options);
    let streams = Streams::new(options);
    let resource = Arc::new(Resource::default());
    let collector = Collector::new(streams.clone(), resource, producers);
    let gate = Gate::new(streams);
    Setup {
        totals: collector.register(TemporalityPreference::Cumulative),
        deltas: collector.register(TemporalityPreference::Delta),
        collector: Arc::new(collector),
        meter: gate.meter("tests"),
        gate,
    }
}

impl Setup {
    fn totals(&self) -> Snapshot {
        self.collector.snapshot(self.totals)
    }

    fn deltas(&self) -> Snapshot {
        self.collector.snapshot(self.deltas)
    }

    /// Tells that the deltas were delivered.
    fn delivered(&self) {
        self.collector.acknowledge(self.deltas);
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

fn histograms(snapshot: &Snapshot, name: &str) -> Vec<Point<Histogram>> {
    match metric(snapshot, name).map(|metric| metric.data) {
        Some(Data::Histogram { points, .. }) => points,
        other => panic!("{name} is not a histogram: {other:?}"),
    }
}
