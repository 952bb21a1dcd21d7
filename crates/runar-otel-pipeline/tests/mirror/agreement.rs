//! Whatever is recorded, an attached reader and our own consumer get the same.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, UpDownCounter},
};
use proptest::prelude::*;
use runar_otel_core::{gate::View, metric::Aggregation};

use super::*;

/// One step of a program. A set has a label that tells it apart, and one that a view drops.
#[derive(Clone, Debug)]
enum Step {
    Count(u8, u8),
    CountFractions(u8, u8),
    CountRenamed(u8, u8, u8),
    UpDown(u8, i8),
    Measure(u8, i16),
    MeasureWhole(u8, u16),
    MeasureExponential(u8, i16),
    Set(u8, i8),
    /// What the callback observes from now on; sets that are not there are gone.
    Observe(BTreeMap<u8, u8>),
    Collect,
}

fn step() -> impl Strategy<Value = Step> {
    let set = 0_u8..6;
    prop_oneof![
        (set.clone(), any::<u8>()).prop_map(|(set, by)| Step::Count(set, by)),
        (set.clone(), any::<u8>()).prop_map(|(set, by)| Step::CountFractions(set, by)),
        (set.clone(), 0_u8..3, any::<u8>())
            .prop_map(|(set, dropped, by)| Step::CountRenamed(set, dropped, by)),
        (set.clone(), any::<i8>()).prop_map(|(set, by)| Step::UpDown(set, by)),
        (set.clone(), any::<i16>()).prop_map(|(set, value)| Step::Measure(set, value)),
        (set.clone(), any::<u16>()).prop_map(|(set, value)| Step::MeasureWhole(set, value)),
        (set.clone(), any::<i16>()).prop_map(|(set, value)| Step::MeasureExponential(set, value)),
        (set.clone(), any::<i8>()).prop_map(|(set, value)| Step::Set(set, value)),
        prop::collection::btree_map(set, any::<u8>(), 0..6).prop_map(Step::Observe),
        Just(Step::Collect),
    ]
}

struct Program {
    rig: Rig,
    count: Counter<u64>,
    fractions: Counter<f64>,
    renamed: Counter<u64>,
    up_down: UpDownCounter<i64>,
    measure: Histogram<f64>,
    whole: Histogram<u64>,
    exponential: Histogram<f64>,
    gauge: Gauge<f64>,
    observed: Arc<Mutex<BTreeMap<u8, u8>>>,
}

impl Program {
    fn new() -> Self {
        let rig = Rig::new(vec![
            View::select("before")
                .rename("after")
                .drop_labels(["dropped"]),
            View::select("count").limit(3),
            View::select("observed").limit(2),
            View::select("whole").buckets(vec![10.0, 1000.0]),
            View::select("exponential").aggregation(Aggregation::Exponential {
                max_size: 8,
                max_scale: 20,
            }),
        ]);
        let meter = rig.meter();
        let observed: Arc<Mutex<BTreeMap<u8, u8>>> = Arc::default();
        let values = observed.clone();
        let _ = meter
            .u64_observable_counter("observed")
            .with_callback(move |observer| {
                for (set, value) in &*values.lock().unwrap() {
                    observer.observe((*value).into(), &labels(*set));
                }
            })
            .build();
        Self {
            count: meter.u64_counter("count").with_unit("1").build(),
            fractions: meter.f64_counter("fractions").build(),
            renamed: meter.u64_counter("before").build(),
            up_down: meter.i64_up_down_counter("up_down").build(),
            measure: meter.f64_histogram("measure").with_unit("s").build(),
            whole: meter.u64_histogram("whole").build(),
            exponential: meter.f64_histogram("exponential").build(),
            gauge: meter.f64_gauge("gauge").build(),
            observed,
            rig,
        }
    }

    fn run(&self, step: Step) {
        let quarters = |value: i16| f64::from(value) / 4.0;
        match step {
            Step::Count(set, by) => self.count.add(by.into(), &labels(set)),
            Step::CountFractions(set, by) => {
                self.fractions.add(f64::from(by) / 8.0, &labels(set));
            }
            Step::CountRenamed(set, dropped, by) => {
                let mut labels = labels(set);
                labels.push(KeyValue::new("dropped", i64::from(dropped)));
                self.renamed.add(by.into(), &labels);
            }
            Step::UpDown(set, by) => self.up_down.add(by.into(), &labels(set)),
            Step::Measure(set, value) => self.measure.record(quarters(value), &labels(set)),
            Step::MeasureWhole(set, value) => self.whole.record(value.into(), &labels(set)),
            Step::MeasureExponential(set, value) => {
                self.exponential.record(quarters(value), &labels(set));
            }
            Step::Set(set, value) => self.gauge.record(value.into(), &labels(set)),
            Step::Observe(values) => *self.observed.lock().unwrap() = values,
            Step::Collect => assert_eq!(self.rig.attached(), self.rig.own()),
        }
    }
}

/// A set of no label, of one, or of two.
fn labels(set: u8) -> Vec<KeyValue> {
    let all = [
        KeyValue::new("set", i64::from(set)),
        KeyValue::new("a", "b"),
    ];
    all.into_iter().take(usize::from(set).min(2)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn an_attached_reader_gets_what_our_own_consumer_gets(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let program = Program::new();
        for step in steps {
            program.run(step);
        }
        program.run(Step::Collect);
        program.rig.readers.shutdown().unwrap();
    }
}
