//! Two consumers of deltas and one of totals, and the ledger of what each of them saw.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use opentelemetry::metrics::{Meter, MeterProvider};
use runar_otel_core::{
    gate::{Gate, GateOptions, Streams, View},
    labels::LabelSet,
    metric::{InstrumentKind, Shape},
    series::{Consumer, Stream},
};

/// The number of consumers of deltas.
const DELTAS: usize = 2;

const TOTALS: Consumer = Consumer {
    deltas: DELTAS,
    slot: None,
};

fn of_slot(slot: usize) -> Consumer {
    Consumer {
        deltas: DELTAS,
        slot: Some(slot),
    }
}

/// Values by metric and labels; of a histogram the number of values, and the sum under a name of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ledger(BTreeMap<(String, LabelSet), f64>);

impl Ledger {
    pub(crate) fn add(&mut self, metric: &str, labels: &LabelSet, value: f64) {
        let key = (metric.to_owned(), labels.clone());
        *self.0.entry(key).or_default() += value;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for ((metric, labels), value) in &other.0 {
            self.add(metric, labels, *value);
        }
    }

    /// The value of a metric, all label sets together.
    pub(crate) fn of(&self, metric: &str) -> f64 {
        let of_metric = self.0.iter().filter(|((name, _), _)| name == metric);
        of_metric.map(|(_, value)| value).sum()
    }

    /// The places in which both differ; a 0 is nothing.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let value = |ledger: &Self, key| ledger.0.get(key).copied().unwrap_or_default();
        let mut keys: Vec<_> = self.0.keys().chain(other.0.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.retain(|key| (value(self, key) - value(other, key)).abs() > 1e-9);
        keys.into_iter()
            .map(|key| format!("{key:?}: {} and {}", value(self, key), value(other, key)))
            .collect()
    }

    fn assert_not_below(&self, before: &Self) {
        for (key, value) in &before.0 {
            let now = self.0.get(key);
            assert!(now >= Some(value), "{key:?} fell from {value} to {now:?}");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn read(&mut self, stream: &Stream, consumer: Consumer) {
        let (name, time) = (&*stream.plan().name, SystemTime::now());
        let mut distribution = |labels: &LabelSet, count: u64, sum: Option<f64>| {
            self.add(name, labels, count as f64);
            self.add(&format!("{name}.sum"), labels, sum.unwrap());
        };
        match stream.plan().shape() {
            Some(Shape::Histogram) => stream.histograms(consumer, time, |labels, reading| {
                distribution(labels, reading.value.count, reading.value.sum);
            }),
            Some(Shape::ExponentialHistogram) => {
                stream.exponentials(consumer, time, |labels, reading| {
                    distribution(labels, reading.value.count, reading.value.sum);
                });
            }
            _ => stream.numbers(consumer, time, |labels, reading| {
                self.add(name, labels, reading.value.as_f64());
            }),
        }
    }
}

/// Streams with two consumers of deltas and one of totals.
pub(crate) struct Setting {
    pub(crate) meter: Meter,
    pub(crate) streams: Arc<Streams>,
}

impl Setting {
    pub(crate) fn new(views: Vec<View>) -> Self {
        let mut options = GateOptions::default();
        options.views = views;
        let streams = Streams::new(options);
        for kind in InstrumentKind::ALL {
            streams.expect_deltas(kind, DELTAS);
        }
        Self {
            meter: Gate::new(streams.clone()).meter("concurrent"),
            streams,
        }
    }

    /// The totals as they are now.
    pub(crate) fn totals(&self) -> Ledger {
        let mut seen = Ledger::default();
        for stream in self.streams.all() {
            seen.read(&stream, TOTALS);
        }
        seen
    }

    /// The deltas of a consumer as they are now, acknowledged.
    pub(crate) fn deltas(&self, slot: usize) -> Ledger {
        let mut seen = Ledger::default();
        for stream in self.streams.all() {
            seen.read(&stream, of_slot(slot));
            stream.acknowledge(slot);
        }
        seen
    }

    /// The sum of all deltas of a consumer until the end is told. Of so many deliveries one fails, and is repeated with
    /// the next one.
    pub(crate) fn deltas_until(&self, slot: usize, over: &AtomicBool, failing: u32) -> Ledger {
        let mut sum = Ledger::default();
        let mut round = 0_u32;
        while !over.load(Ordering::Acquire) {
            round = round.wrapping_add(1);
            for stream in self.streams.all() {
                let mut seen = Ledger::default();
                seen.read(&stream, of_slot(slot));
                if !round.is_multiple_of(failing) {
                    stream.acknowledge(slot);
                    sum.merge(&seen);
                }
            }
        }
        sum
    }

    /// Reads totals until told that it is over; they only grow.
    pub(crate) fn growing_totals_until(&self, over: &AtomicBool) {
        let mut before = Ledger::default();
        while !over.load(Ordering::Acquire) {
            let now = self.totals();
            now.assert_not_below(&before);
            before = now;
        }
    }
}
