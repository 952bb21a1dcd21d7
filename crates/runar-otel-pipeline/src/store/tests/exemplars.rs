//! Exemplars of points.

use std::{thread, time::Duration};

use runar_otel_core::exemplar::{ExemplarReservoir, Measurement, Reservoir};

use super::*;

/// Hands over the exemplars that the test puts there.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Vec<Exemplar>>>);

impl Held {
    fn hold(&self, held: &[(f64, SystemTime)]) {
        let held = held
            .iter()
            .map(|(value, time)| Exemplar::new(*value, *time));
        *self.0.lock().unwrap() = held.collect();
    }
}

impl ExemplarReservoir for Held {
    fn offer(&mut self, _: &Measurement<'_>) {}

    fn collect(&mut self) -> Vec<Exemplar> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn always_on(change: impl FnOnce(&mut GateOptions)) -> Bench {
    Bench::with(|options| {
        options.exemplar_filter = ExemplarFilter::AlwaysOn;
        change(options);
    })
}

#[test]
fn a_point_takes_exemplars_of_its_window_and_its_buckets() {
    let held = Held::default();
    let reservoir = held.clone();
    let view = View::select("*").reservoir(Reservoir::custom(move |_| reservoir.clone()));
    let bench = always_on(|options| options.views = vec![view]);
    let (totals, deltas) = (bench.totals(), bench.deltas());
    let histogram = bench.histogram();
    let exemplars = |consumer| -> (Vec<f64>, SystemTime) {
        let points = histograms(&bench, consumer);
        let exemplars = points[0].exemplars.iter();
        (exemplars.map(|one| one.value).collect(), points[0].time)
    };
    let early = SystemTime::now() - Duration::from_secs(1);
    record(&histogram, "a", &[7.0, 0.5]);
    let now = SystemTime::now();
    held.hold(&[(7.0, now), (0.5, now), (2.0, now), (0.25, early)]);
    assert_eq!(exemplars(totals).0, [0.5, 7.0]);
    assert_eq!(exemplars(deltas).0, [0.5, 7.0]);
    bench.store.acknowledge(deltas);

    // Newer exemplars replace older ones of their bucket; exemplars later than the point wait.
    record(&histogram, "a", &[0.75, 8.0]);
    let now = SystemTime::now();
    let later = now + Duration::from_millis(200);
    held.hold(&[(0.75, now), (8.0, later)]);
    for consumer in [totals, deltas] {
        let (values, time) = exemplars(consumer);
        let expected: &[f64] = if time < later { &[0.75] } else { &[0.75, 8.0] };
        assert_eq!(values, expected);
    }
    while SystemTime::now() < later {
        thread::yield_now();
    }
    assert_eq!(exemplars(totals).0, [0.75, 8.0]);
    assert_eq!(exemplars(totals).0, [0.75, 8.0]);
}

#[test]
fn exemplars_beyond_the_limit_go_to_the_overflow_series() {
    let bench = always_on(|options| options.limit = 1);
    let consumer = bench.totals();
    let histogram = bench.histogram();
    let ((), first) = during(|| record(&histogram, "a", &[0.5]));
    let ((), second) = during(|| record(&histogram, "b", &[7.0]));
    let points = histograms(&bench, consumer);
    let of = |key: &str| {
        let point = points.iter().find(|point| point.labels == set(key));
        let exemplars = &point.unwrap().exemplars;
        assert_eq!(exemplars.len(), 1);
        (exemplars[0].value, exemplars[0].time)
    };
    let (value, time) = of("a");
    first.holds(time);
    assert_eq!(value, 0.5);
    let (value, time) = of(OVERFLOW_KEY);
    second.holds(time);
    assert_eq!(value, 7.0);
}

#[test]
fn exponential_histograms_keep_the_newest_exemplars() {
    let exponential = Aggregation::exponential();
    let bench = always_on(|options| options.histogram_aggregation = exponential);
    let consumer = bench.totals();
    let histogram = bench.histogram();
    let mut rounds = Vec::new();
    for _ in 1..=30 {
        rounds.push(during(|| record(&histogram, "a", &[1.0])).1);
        bench.store.snapshot(consumer);
    }
    let points = exponentials(&bench, consumer);
    assert_eq!(points[0].value.count, 30);
    let mut times: Vec<SystemTime> = points[0].exemplars.iter().map(|one| one.time).collect();
    times.sort();
    assert_eq!(times.len(), 20);
    for (round, time) in rounds[10..].iter().zip(times) {
        round.holds(time);
    }
}

#[test]
fn numbers_keep_the_newest_exemplar() {
    let bench = always_on(|_| {});
    let consumers = [bench.totals(), bench.deltas()];
    let counter = bench.counter();
    for _ in 0..3 {
        let ((), now) = during(|| add(&counter, &[("a", 2)]));
        for consumer in consumers {
            let exemplars = &sums(&bench, consumer)[0].exemplars;
            assert_eq!(exemplars.len(), 1);
            now.holds(exemplars[0].time);
        }
    }
    // A collection without a measurement leaves the last one.
    for consumer in consumers {
        assert_eq!(sums(&bench, consumer)[0].exemplars.len(), 1);
    }
}

#[test]
fn exemplars_of_observed_values_belong_to_their_series() {
    let bench = always_on(|options| options.limit = 2);
    let consumer = bench.totals();
    let source = bench.observed();
    bench.observe_values(&source, &[("a", 1), ("b", 2)]);
    assert_eq!(sums(&bench, consumer)[1].exemplars[0].value, 2.0);
    // c takes the place of a at once, and so does its exemplar.
    bench.observe_values(&source, &[("c", 3), ("b", 4)]);
    let points = sums(&bench, consumer);
    let values: Vec<(String, Vec<f64>)> = points
        .iter()
        .map(|point| {
            let values = point.exemplars.iter().map(|one| one.value);
            (key(&point.labels), values.collect())
        })
        .collect();
    let expected = [("b".to_owned(), vec![4.0]), ("c".to_owned(), vec![3.0])];
    assert_eq!(values, expected);
}
