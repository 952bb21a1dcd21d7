//! Deltas and totals agree, whatever the order of records and exports.

use super::*;

/// A step of a random test: measurements, or an export to one of two consumers.
#[derive(Clone, Debug)]
enum Step {
    Record(Vec<(u8, u8)>),
    Export { consumer: bool, succeeds: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let record = prop::collection::vec((0_u8..6, 1_u8..10), 0..5).prop_map(Step::Record);
    let export = (any::<bool>(), any::<bool>())
        .prop_map(|(consumer, succeeds)| Step::Export { consumer, succeeds });
    prop_oneof![record, export]
}

/// Adds up the acknowledged deltas, checking that the windows of each series do not overlap.
#[derive(Default)]
struct Backend(HashMap<LabelSet, (u64, f64, SystemTime)>);

impl Backend {
    fn receive(&mut self, points: Vec<Point<Histogram>>) {
        for point in points {
            assert!(point.start.unwrap() < point.time);
            assert_eq!(point.value.counts.iter().sum::<u64>(), point.value.count);
            let sum = point.value.sum.unwrap();
            self.0
                .entry(point.labels)
                .and_modify(|(count, total, until)| {
                    assert!(point.start >= Some(*until));
                    *count += point.value.count;
                    *total += sum;
                    *until = point.time;
                })
                .or_insert((point.value.count, sum, point.time));
        }
    }
}

proptest! {
    #[test]
    fn acknowledged_deltas_add_up_to_the_totals(steps in prop::collection::vec(step(), 0..60)) {
        let bench = Bench::limited(4);
        let totals = bench.totals();
        let consumers = [bench.deltas(), bench.store.register(TemporalityPreference::LowMemory)];
        let mut backends = [Backend::default(), Backend::default()];
        let histogram = bench.histogram();
        let all = [false, true].map(|consumer| Step::Export { consumer, succeeds: true });
        for step in steps.into_iter().chain(all) {
            match step {
                Step::Record(values) => {
                    for (key, size) in values {
                        record(&histogram, &key.to_string(), &[f64::from(size)]);
                    }
                }
                Step::Export { consumer, succeeds } => {
                    let index = usize::from(consumer);
                    let points = histograms(&bench, consumers[index]);
                    if succeeds {
                        backends[index].receive(points);
                        bench.store.acknowledge(consumers[index]);
                    }
                }
            }
        }
        let points = histograms(&bench, totals);
        prop_assert!(points.len() <= 5);
        for backend in backends {
            prop_assert_eq!(backend.0.len(), points.len());
            for point in &points {
                let (count, sum, _) = backend.0[&point.labels];
                prop_assert_eq!((count, Some(sum)), (point.value.count, point.value.sum));
            }
        }
    }
}

proptest! {
    #[test]
    fn observed_totals_are_what_was_observed(
        rounds in prop::collection::vec(prop::collection::btree_map(0_u8..8, 1_u64..100, 0..8), 1..20),
        limit in 1_usize..5,
        monotonic in any::<bool>(),
        every in 1_usize..4,
    ) {
        let bench = Bench::limited(limit);
        let (totals, deltas) = (bench.totals(), bench.deltas());
        let source = ObservedValues::default();
        if monotonic {
            bench.meter.f64_observable_counter("m").with_callback(source.callback()).build();
        } else {
            bench.meter.f64_observable_up_down_counter("m").with_callback(source.callback()).build();
        }
        let mut before = std::collections::BTreeMap::new();
        let (mut counted, mut received) = (0, 0.0);
        for (number, round) in (1..).zip(rounds) {
            let observed: Vec<(String, f64)> =
                round.iter().map(|(key, value)| (key.to_string(), *value as f64)).collect();
            let observed: Vec<(&str, f64)> =
                observed.iter().map(|(key, value)| (key.as_str(), *value)).collect();
            bench.observe_values(&source, &observed);

            let got = values(&bench, totals);
            prop_assert!(got.len() <= limit + 1);
            let sum: f64 = got.iter().map(|(_, value)| value).sum();
            prop_assert_eq!(sum, round.values().sum::<u64>() as f64);
            for (key, value) in got.iter().filter(|(key, _)| key != "true") {
                prop_assert_eq!(*value, round[&key.parse::<u8>().unwrap()] as f64);
            }

            // A counter that was not there before, or fell, has counted all that it shows.
            counted += round
                .iter()
                .map(|(key, now)| now.checked_sub(before.get(key).copied().unwrap_or(0)).unwrap_or(*now))
                .sum::<u64>();
            before = round;
            if number % every == 0 {
                received += values(&bench, deltas).iter().map(|(_, value)| value).sum::<f64>();
                bench.store.acknowledge(deltas);
            }
            // Consumers that export more rarely may lose series that departed meanwhile.
            if monotonic && every == 1 {
                prop_assert_eq!(received, counted as f64);
            }
        }
    }
}
