//! What was recorded.

use std::{
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use runar_otel_core::{
    gate::{Gate, GateOptions, Streams},
    labels::LabelSet,
    metric::Shape,
    series::{Consumer, Stream},
};

/// A series as it was collected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) kind: &'static str,
    pub(crate) unit: String,
    pub(crate) description: String,
    /// `key=value`, sorted.
    pub(crate) labels: Vec<String>,
    /// The value, or the sum.
    pub(crate) value: f64,
    pub(crate) bounds: Vec<f64>,
}

/// The provider of this process.
pub(crate) struct Recorder {
    gate: Arc<Gate>,
}

static RECORDER: LazyLock<Mutex<Recorder>> = LazyLock::new(|| {
    crate::reports::listen();
    let recorder = Recorder::new();
    runar_otel_core::install(recorder.gate.clone());
    Mutex::new(recorder)
});

/// The recorder; each test has metrics of its own.
pub(crate) fn recorder() -> MutexGuard<'static, Recorder> {
    RECORDER.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    fn new() -> Self {
        let streams = Streams::new(GateOptions::default());
        Self {
            gate: Arc::new(Gate::new(streams)),
        }
    }

    /// All series of a metric, since the start.
    pub(crate) fn series(&self, metric: &str) -> Vec<Series> {
        let streams = self.gate.streams();
        streams.observe(|_| 0);
        let all = streams.all().into_iter();
        let found = all.filter(|stream| stream.plan().name == metric);
        let mut found: Vec<Series> = found.flat_map(|stream| read(&stream)).collect();
        found.sort_by(|one, other| one.labels.cmp(&other.labels));
        found
    }

    /// The only series of a metric.
    pub(crate) fn one(&self, metric: &str) -> Series {
        let mut all = self.series(metric);
        assert_eq!(all.len(), 1, "{metric}: {all:#?}");
        all.pop().unwrap()
    }
}

fn read(stream: &Stream) -> Vec<Series> {
    let kind = match stream.plan().shape().unwrap() {
        Shape::Gauge => "gauge",
        Shape::MonotonicSum => "counter",
        Shape::NonMonotonicSum => "up-down counter",
        _ => "histogram",
    };
    let mut found = Vec::new();
    let mut add = |labels: &LabelSet, value: f64, bounds: &[f64]| {
        let labels = labels.to_key_values();
        found.push(Series {
            kind,
            unit: stream.plan().unit.to_string(),
            description: stream.description().to_string(),
            labels: labels
                .iter()
                .map(|label| format!("{}={}", label.key, label.value))
                .collect(),
            value,
            bounds: bounds.to_vec(),
        });
    };
    let (all, now) = (Consumer::default(), SystemTime::now());
    if kind == "histogram" {
        stream.histograms(all, now, |labels, reading| {
            add(labels, reading.value.sum.unwrap(), &reading.value.bounds);
        });
    } else {
        stream.numbers(all, now, |labels, reading| {
            add(labels, reading.value.as_f64(), &[]);
        });
    }
    found
}
