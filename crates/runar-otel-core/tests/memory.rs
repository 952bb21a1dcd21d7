//! Memory: series that retire give back what they took.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::SystemTime};

use allocation_counter::measure;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, MeterProvider},
};
use runar_otel_core::{
    finish,
    gate::{Gate, GateOptions, Streams, View},
    install,
    series::Consumer,
    uninstall,
};

const ROUNDS: u32 = 10;
const MANY: u32 = 10_000;
const FEWER: u32 = 2_000;

/// A counter and a histogram, with room for all series of some rounds.
struct Setting {
    counter: Counter<u64>,
    histogram: Histogram<f64>,
    streams: Arc<Streams>,
}

impl Setting {
    fn new() -> Self {
        let mut options = GateOptions::default();
        let limit = usize::try_from(2 * MANY).unwrap();
        options.views = vec![View::select("*").limit(limit)];
        let streams = Streams::new(options);
        let meter = Gate::new(streams.clone()).meter("lib");
        Self {
            counter: meter.u64_counter("c").build(),
            histogram: meter
                .f64_histogram("h")
                .with_boundaries(vec![1.0, 2.0])
                .build(),
            streams,
        }
    }

    fn record(&self, set: &[KeyValue]) {
        self.counter.add(1, set);
        self.histogram.record(1.5, set);
    }

    /// Has all series retire; how many are left.
    fn retire(&self) -> usize {
        let all = self.streams.all();
        let left = all.iter().map(|stream| {
            stream.retire(|_| true);
            stream.len()
        });
        left.sum()
    }

    /// Reads as a consumer of deltas, and acknowledges; how many points there were.
    fn collect(&self) -> usize {
        let consumer = Consumer {
            deltas: 1,
            slot: Some(0),
        };
        let (time, mut points) = (SystemTime::now(), 0);
        for stream in self.streams.all() {
            if stream.plan().name == "h" {
                stream.histograms(consumer, time, |_, _| points += 1);
            } else {
                stream.numbers(consumer, time, |_, _| points += 1);
            }
            stream.acknowledge(0);
        }
        points
    }
}

/// Label sets that nobody has seen before.
fn fresh(round: u32, series: u32) -> impl Iterator<Item = [KeyValue; 2]> {
    (0..series).map(move |at| {
        [
            KeyValue::new("at", i64::from(at)),
            KeyValue::new("id", format!("id-{round:04}-{at:06}")),
        ]
    })
}

/// Runs the rounds: the memory after the last one is that after the first one.
fn assert_gives_back(mut round: impl FnMut(u32)) {
    let first = measure(|| round(0));
    // The room of the tables stays.
    let most = i64::try_from(first.bytes_max).unwrap();
    assert!(first.bytes_current < most / 4, "{first:?}");
    let first = first.bytes_current;
    let last = (1..ROUNDS).fold(first, |sum, at| sum + measure(|| round(at)).bytes_current);
    assert!(last <= first + first / 20, "{first}, then {last} bytes");
}

#[test]
fn retired_series_give_back_their_memory() {
    let setting = Setting::new();
    assert_gives_back(|round| {
        for set in fresh(round, MANY) {
            setting.record(&set);
        }
        assert_eq!(setting.retire(), 0);
    });
}

#[test]
fn retired_series_of_several_orders_give_back_their_memory() {
    let setting = Setting::new();
    assert_gives_back(|round| {
        for [one, other] in fresh(round, FEWER) {
            setting.counter.add(1, &[other.clone(), one.clone()]);
            setting.counter.add(1, &[one, other]);
        }
        assert_eq!(setting.retire(), 0);
    });
}

#[test]
fn series_whose_deltas_are_delivered_give_back_their_memory() {
    let setting = Setting::new();
    assert_gives_back(|round| {
        for set in fresh(round, FEWER) {
            setting.record(&set);
        }
        assert_eq!(setting.collect(), 2 * usize::try_from(FEWER).unwrap());
        for set in fresh(round, FEWER) {
            setting.counter.add(1, &set);
        }
        setting.retire();
        assert_eq!(setting.collect(), usize::try_from(FEWER).unwrap());
        // What was owed is delivered.
        assert_eq!(setting.retire(), 0);
    });
}

#[test]
fn series_that_handles_kept_give_back_their_memory() {
    let setting = Setting::new();
    assert_gives_back(|round| {
        let bind = |set: [KeyValue; 2]| (setting.counter.bind(&set), setting.histogram.bind(&set));
        let kept: Vec<_> = fresh(round, FEWER).map(bind).collect();
        for (counter, histogram) in &kept {
            counter.add(1);
            histogram.record(1.5);
        }
        setting.retire();
        drop(kept);
        assert_eq!(setting.retire(), 0);
    });
}

#[test]
fn handles_that_record_nothing_give_back_their_memory() {
    let setting = Setting::new();
    assert_gives_back(|round| {
        for set in fresh(round, FEWER) {
            drop((setting.counter.bind(&set), setting.histogram.bind(&set)));
        }
        assert_eq!(setting.retire(), 0);
    });
}

#[test]
fn providers_that_come_and_go_give_back_their_memory() {
    let handle = runar_otel_core::Counter::new("memory_total", "").register();
    let live = |limit: usize| {
        let measured = measure(|| {
            let mut options = GateOptions::default();
            options.limit = limit;
            install(Arc::new(Gate::new(Streams::new(options))));
            for at in 0..FEWER {
                handle.inc_with(&[("at", &at.to_string())]);
            }
            handle.increment();
            uninstall();
            finish();
        });
        measured.bytes_current
    };
    // Rules that come back find what they had; of others, little is left. What ended last stays for the next one.
    let limits = [5_000, 6_000].into_iter().cycle();
    let mut grown: Vec<i64> = limits.take(12).map(live).collect();
    let later = grown.split_off(1);
    let first = grown.iter().sum::<i64>();
    assert!(first > 256 * 1024, "{grown:?}");
    assert!(later.iter().sum::<i64>() < 64 * 1024, "{first}, {later:?}");
    assert!(later.iter().skip(1).sum::<i64>() < 4 * 1024, "{later:?}");
}
