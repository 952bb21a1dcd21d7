//! A delta consumer and plain points, for looking at what was recorded.

use std::{sync::Arc, time::SystemTime};

use opentelemetry::KeyValue;
use runar_otel_core::{
    exemplar::Exemplar,
    gate::{Gate, GateOptions, Streams},
    labels::LabelSet,
    metric::{InstrumentKind, Shape},
    series::{Consumer, Stream},
};

/// One data point, told in one line each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) metric: String,
    pub(crate) scope: Vec<KeyValue>,
    pub(crate) unit: String,
    pub(crate) description: String,
    pub(crate) labels: Vec<KeyValue>,
    pub(crate) value: f64,
    /// Of a histogram: how many values.
    pub(crate) count: u64,
    pub(crate) bounds: Vec<f64>,
}

/// The only consumer: it wants deltas.
pub(crate) const DELTAS: Consumer = Consumer {
    deltas: 1,
    slot: Some(0),
};

/// A gate and its only consumer.
pub(crate) struct Bench {
    pub(crate) gate: Arc<Gate>,
}

impl Bench {
    pub(crate) fn new(options: GateOptions) -> Self {
        let streams = Streams::new(options);
        for kind in InstrumentKind::ALL {
            streams.expect_deltas(kind, DELTAS.deltas);
        }
        Self {
            gate: Arc::new(Gate::new(streams)),
        }
    }

    /// All points since the last collection; of gauges their values.
    pub(crate) fn collect(&self) -> Vec<Point> {
        let streams = self.gate.streams();
        streams.observe(|_| 1);
        let mut points = Vec::new();
        for stream in streams.all() {
            read(&stream, &mut points);
            stream.acknowledge(0);
        }
        points
    }

    pub(crate) fn one(&self, metric: &str) -> Point {
        let all = self.collect();
        let mut found = all.iter().filter(|point| point.metric == metric);
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no {metric} in {all:#?}"));
        assert_eq!(found.next(), None);
        one.clone()
    }

    pub(crate) fn exemplars(&self, metric: &str) -> Vec<(Vec<KeyValue>, Vec<Exemplar>)> {
        let all = self.gate.streams().all().into_iter();
        all.filter(|stream| stream.plan().name == metric)
            .flat_map(|stream| stream.take_exemplars())
            .map(|(labels, kept)| (labels.to_key_values(), kept))
            .collect()
    }

    /// The streams of a name.
    pub(crate) fn streams(&self, metric: &str) -> Vec<Arc<Stream>> {
        let mut all = self.gate.streams().all();
        all.retain(|stream| stream.plan().name == metric);
        all
    }
}

/// Reads the points of one stream.
fn read(stream: &Stream, out: &mut Vec<Point>) {
    let time = SystemTime::now();
    let point = |labels: &LabelSet, value: f64, count: u64, bounds: Vec<f64>| Point {
        metric: stream.plan().name.to_string(),
        scope: stream.plan().scope.attributes().cloned().collect(),
        unit: stream.plan().unit.to_string(),
        description: stream.description().to_string(),
        labels: labels.to_key_values(),
        value,
        count,
        bounds,
    };
    match stream.plan().shape() {
        Some(Shape::Histogram) => stream.histograms(DELTAS, time, |labels, reading| {
            let value = reading.value;
            let sum = value.sum.unwrap_or_default();
            out.push(point(labels, sum, value.count, value.bounds.to_vec()));
        }),
        Some(Shape::ExponentialHistogram) => {
            stream.exponentials(DELTAS, time, |labels, reading| {
                let sum = reading.value.sum.unwrap_or_default();
                out.push(point(labels, sum, reading.value.count, Vec::new()));
            });
        }
        Some(Shape::Gauge) => stream.numbers(Consumer::default(), time, |labels, reading| {
            out.push(point(labels, reading.value.as_f64(), 0, Vec::new()));
        }),
        _ => stream.numbers(DELTAS, time, |labels, reading| {
            out.push(point(labels, reading.value.as_f64(), 0, Vec::new()));
        }),
    }
}
