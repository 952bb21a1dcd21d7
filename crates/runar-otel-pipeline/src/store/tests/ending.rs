//! Series that are retired, or idle.

use super::*;
use crate::store::IDLE;

fn retire_soon(bench: &Bench, key: &str) {
    for stream in bench.store.streams().all() {
        stream.retire_soon(&set(key));
    }
}

fn series(bench: &Bench) -> usize {
    bench
        .store
        .streams()
        .all()
        .iter()
        .map(|stream| stream.len())
        .sum()
}

#[test]
fn a_retired_series_ends_when_all_have_seen_its_last_value() {
    let bench = Bench::new();
    let (one, other) = (bench.totals(), bench.totals());
    let counter = bench.counter();
    add(&counter, &[("a", 5), ("b", 1)]);
    retire_soon(&bench, "a");
    let both = named(&[("a", 5.0), ("b", 1.0)]);
    assert_eq!(values(&bench, one), both);
    assert_eq!(values(&bench, one), both);
    assert_eq!(series(&bench), 2);
    assert_eq!(values(&bench, other), both);
    for consumer in [one, other] {
        assert_eq!(values(&bench, consumer), named(&[("b", 1.0)]));
    }
    assert_eq!(series(&bench), 1);
}

#[test]
fn a_retired_series_that_is_recorded_to_goes_on() {
    let bench = Bench::new();
    let (one, other) = (bench.totals(), bench.totals());
    let counter = bench.counter();
    let gauge = bench.meter.u64_gauge("g").build();
    add(&counter, &[("a", 5)]);
    gauge.record(4, &labels("a"));
    let _ = bench.store.snapshot(one);
    retire_soon(&bench, "a");
    let _ = bench.store.snapshot(one);
    add(&counter, &[("a", 2)]);
    gauge.record(4, &labels("a"));
    for _ in 0..3 {
        for consumer in [other, one] {
            assert_eq!(bench.store.snapshot(consumer)[0].metrics.len(), 2);
        }
    }
    retire_soon(&bench, "a");
    for consumer in [other, one] {
        let _ = bench.store.snapshot(consumer);
    }
    assert!(bench.store.snapshot(one).is_empty());
}

/// A push may fail, and then no consumer has seen its data.
#[test]
fn totals_that_are_pushed_are_seen_once_they_arrive() {
    let bench = Bench::new();
    let push = bench.store.register_push(TemporalityPreference::Cumulative);
    add(&bench.counter(), &[("a", 5)]);
    retire_soon(&bench, "a");
    for _ in 0..3 {
        assert_eq!(values(&bench, push), named(&[("a", 5.0)]));
    }
    bench.store.acknowledge(push);
    assert!(values(&bench, push).is_empty());
}

/// Clients that come and go: each has a label set for a while, and the limit is that of the clients at a time.
#[test]
fn label_sets_that_are_silent_make_room_for_new_ones_where_all_want_deltas() {
    let bench = Bench::limited(30);
    let push = bench.store.register_push(TemporalityPreference::Delta);
    let counter = bench.counter();
    for round in 0..20 {
        let names: Vec<String> = (0..10).map(|at| format!("{round}-{at}")).collect();
        for name in &names {
            add(&counter, &[(name, 1)]);
        }
        // One that is recorded each time keeps its series.
        add(&counter, &[("always", 1)]);
        let found = values(&bench, push);
        assert_eq!(found.len(), 11, "{found:?}");
        assert!(
            found
                .iter()
                .all(|(_, value)| (value - 1.0).abs() < f64::EPSILON)
        );
        bench.store.acknowledge(push);
    }
}

#[test]
fn a_value_that_looks_like_the_last_one_is_another_one() {
    let bench = Bench::new();
    let totals = bench.totals();
    let counter = bench.counter();
    add(&counter, &[("a", 1000)]);
    let _ = values(&bench, totals);
    retire_soon(&bench, "a");
    // The same 16 bits of a hash.
    add(&counter, &[("a", 75_025)]);
    assert_eq!(values(&bench, totals), named(&[("a", 76_025.0)]));
    assert_eq!(values(&bench, totals), named(&[("a", 76_025.0)]));
}

#[test]
fn a_consumer_that_comes_later_sees_the_last_value_too() {
    let bench = Bench::new();
    let one = bench.totals();
    add(&bench.counter(), &[("a", 5)]);
    retire_soon(&bench, "a");
    let late = bench.totals();
    let _ = values(&bench, one);
    assert_eq!(values(&bench, late), named(&[("a", 5.0)]));
    assert!(values(&bench, one).is_empty());
}

/// A handle of a connection lives longer than its series.
#[test]
fn a_series_that_a_handle_kept_leaves_its_place_with_the_handle() {
    let bench = Bench::limited(2);
    let totals = bench.totals();
    let counter = bench.counter();
    for round in 0..10 {
        let key = format!("connection {round}");
        let bound = counter.bind(&labels(&key));
        bound.add(1);
        retire_soon(&bench, &key);
        assert_eq!(values(&bench, totals), named(&[(&key, 1.0)]));
        assert!(values(&bench, totals).is_empty());
        drop(bound);
        let _ = values(&bench, totals);
        assert_eq!(series(&bench), 0);
    }
}

/// An outage of the receiver, in which more series end than a metric may have.
#[test]
fn deltas_of_more_retired_series_than_fit_arrive() {
    let bench = Bench::limited(2);
    let deltas = bench.deltas();
    let counter = bench.counter();
    for round in 0..10 {
        let key = format!("c{round}");
        add(&counter, &[(&key, 1)]);
        retire_soon(&bench, &key);
        let _ = values(&bench, deltas);
        let _ = values(&bench, deltas);
    }
    let all = values(&bench, deltas);
    let sum: f64 = all.iter().map(|(_, value)| value).sum();
    assert!((sum - 10.0).abs() < 1e-9, "{all:?}");
    bench.store.acknowledge(deltas);
    assert!(values(&bench, deltas).is_empty());
}

/// Start and count of the only series, if it is there.
type Seen = Option<(Option<SystemTime>, f64)>;

/// Adds up the last values of lives.
#[derive(Default)]
struct Lives {
    ended: f64,
    last: Seen,
}

impl Lives {
    fn look(&mut self, now: Seen) {
        if let Some((start, value)) = self.last
            && now.is_none_or(|(next, _)| next != start)
        {
            self.ended += value;
        }
        self.last = now;
    }

    fn sum(&self) -> f64 {
        self.ended + self.last.map_or(0.0, |(_, value)| value)
    }
}

/// Records in three threads while this runs, and returns the number of records.
fn beside(record: impl Fn() + Sync, work: impl FnOnce()) -> f64 {
    let over = std::sync::atomic::AtomicBool::new(false);
    let order = std::sync::atomic::Ordering::Relaxed;
    let records = || {
        let mut count = 0_u32;
        while !over.load(order) {
            record();
            count += 1;
            // Pauses of many lengths: the series has time to end between two records.
            for _ in 0..count % 64 {
                std::thread::yield_now();
            }
        }
        f64::from(count)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(records)).collect();
        work();
        over.store(true, order);
        let counts = threads.into_iter().map(|thread| thread.join().unwrap());
        counts.sum()
    })
}

/// Consumers of totals and of deltas see each record once, although the series ends again and again.
#[track_caller]
fn see_each_once(
    bench: &Bench,
    deltas: Option<ConsumerId>,
    record: impl Fn() + Sync,
    read: fn(&Bench, ConsumerId) -> Seen,
) {
    let (totals, mut lives, mut sum) = (bench.totals(), Lives::default(), 0.0);
    let mut look = || {
        lives.look(read(bench, totals));
        if let Some(deltas) = deltas {
            sum += read(bench, deltas).map_or(0.0, |(_, window)| window);
            bench.store.acknowledge(deltas);
        }
    };
    let recorded = beside(record, || {
        for _ in 0..20_000 {
            retire_soon(bench, "a");
            look();
        }
    });
    look();
    let seen = lives.sum();
    assert!((seen - recorded).abs() < 0.5, "{seen} of {recorded}");
    let sum = deltas.map_or(recorded, |_| sum);
    assert!((sum - recorded).abs() < 0.5, "deltas {sum} of {recorded}");
}

fn counted(bench: &Bench, consumer: ConsumerId) -> Seen {
    let point = sums(bench, consumer).pop()?;
    Some((point.start, point.value.as_f64()))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test")]
fn measured(bench: &Bench, consumer: ConsumerId) -> Seen {
    let point = histograms(bench, consumer).pop()?;
    Some((point.start, point.value.count as f64))
}

/// The mark comes first, so that a record is in the last value or begins a new life.
#[test]
fn records_beside_a_retirement_are_seen() {
    let bench = Bench::new();
    let counter = bench.counter();
    see_each_once(&bench, None, || add(&counter, &[("a", 1)]), counted);
    let bench = Bench::new();
    let histogram = bench.histogram();
    let record = || record(&histogram, "a", &[1.0]);
    see_each_once(&bench, None, record, measured);
}

#[test]
fn totals_and_deltas_beside_a_retirement_agree() {
    let bench = Bench::new();
    let (deltas, counter) = (bench.deltas(), bench.counter());
    let record_one = || add(&counter, &[("a", 1)]);
    see_each_once(&bench, Some(deltas), record_one, counted);
    let bench = Bench::new();
    let (deltas, histogram) = (bench.deltas(), bench.histogram());
    let record_one = || record(&histogram, "a", &[1.0]);
    see_each_once(&bench, Some(deltas), record_one, measured);
}

#[test]
fn a_retired_series_that_returns_begins_anew() {
    let bench = Bench::new();
    let totals = bench.totals();
    let counter = bench.counter();
    add(&counter, &[("a", 5)]);
    retire_soon(&bench, "a");
    let _ = values(&bench, totals);
    let ((), returned) = during(|| add(&counter, &[("a", 2)]));
    assert_eq!(values(&bench, totals), named(&[("a", 2.0)]));
    returned.holds(sums(&bench, totals)[0].start);
}

#[test]
fn deltas_of_a_retired_series_arrive_even_if_an_export_fails() {
    let bench = Bench::new();
    let deltas = bench.deltas();
    let counter = bench.counter();
    add(&counter, &[("a", 5)]);
    retire_soon(&bench, "a");
    for _ in 0..3 {
        assert_eq!(values(&bench, deltas), named(&[("a", 5.0)]));
    }
    assert_eq!(series(&bench), 0);
    add(&counter, &[("a", 2)]);
    assert_eq!(values(&bench, deltas), named(&[("a", 7.0)]));
    bench.store.acknowledge(deltas);
    assert!(values(&bench, deltas).is_empty());
}

#[test]
fn a_retired_sum_that_shrinks_ends_at_zero() {
    let bench = Bench::new();
    let totals = bench.totals();
    let up_down = bench.meter.i64_up_down_counter("m").build();
    up_down.add(2, &labels("a"));
    retire_soon(&bench, "a");
    for _ in 0..3 {
        assert_eq!(values(&bench, totals), named(&[("a", 2.0)]));
    }
    up_down.add(-2, &labels("a"));
    for _ in 0..2 {
        assert_eq!(values(&bench, totals), named(&[("a", 0.0)]));
    }
    assert!(values(&bench, totals).is_empty());
}

#[test]
fn a_sum_that_shrinks_ends_once_all_have_seen_the_last_zero() {
    let bench = Bench::new();
    let (one, other) = (bench.totals(), bench.totals());
    let up_down = bench.meter.i64_up_down_counter("m").build();
    up_down.add(1, &labels("a"));
    up_down.add(-1, &labels("a"));
    retire_soon(&bench, "a");
    up_down.add(1, &labels("a"));
    assert_eq!(values(&bench, one), named(&[("a", 1.0)]));
    up_down.add(-1, &labels("a"));
    assert_eq!(values(&bench, other), named(&[("a", 0.0)]));
    assert_eq!(values(&bench, one), named(&[("a", 0.0)]));
    for consumer in [other, one, other, one] {
        let _ = values(&bench, consumer);
    }
    assert_eq!(series(&bench), 0);
}

#[test]
fn a_retired_series_leaves_its_place() {
    let bench = Bench::limited(1);
    let totals = bench.totals();
    let counter = bench.counter();
    for round in 0..20 {
        let key = format!("connection {round}");
        add(&counter, &[(&key, 1)]);
        assert_eq!(values(&bench, totals), named(&[(&key, 1.0)]));
        retire_soon(&bench, &key);
        let _ = values(&bench, totals);
    }
    assert_eq!(series(&bench), 0);
}

#[test]
fn levels_and_histograms_retire_too() {
    let bench = Bench::new();
    let totals = bench.totals();
    bench.meter.u64_gauge("m").build().record(7, &labels("a"));
    let histogram = bench.meter.f64_histogram("h").build();
    histogram.record(1.0, &labels("a"));
    assert_eq!(bench.store.snapshot(totals)[0].metrics.len(), 2);
    retire_soon(&bench, "a");
    let _ = bench.store.snapshot(totals);
    assert!(bench.store.snapshot(totals).is_empty());
}

#[test]
fn idle_series_end_where_all_consumers_want_deltas() {
    let bench = Bench::new();
    let deltas = bench.deltas();
    let counter = bench.counter();
    let bound = counter.bind(&labels("kept"));
    bound.add(1);
    add(&counter, &[("a", 1), ("b", 1)]);
    let _ = values(&bench, deltas);
    bench.store.acknowledge(deltas);
    let later = SystemTime::now() + IDLE;
    // Not yet read.
    add(&counter, &[("b", 1), ("new", 1)]);
    bench.store.end_idle(later);
    assert_eq!(series(&bench), 3);
    let busy = named(&[("b", 1.0), ("new", 1.0)]);
    assert_eq!(values(&bench, deltas), busy);
    bench.store.acknowledge(deltas);
    let ((), returned) = during(|| {
        add(&counter, &[("a", 4)]);
        bound.add(2);
    });
    assert_eq!(values(&bench, deltas), named(&[("a", 4.0), ("kept", 2.0)]));
    bench.store.acknowledge(deltas);
    // A later consumer of totals gets those of the life that began then.
    let totals = bench.totals();
    let all = sums(&bench, totals);
    let a = all.iter().find(|point| point.labels == set("a")).unwrap();
    assert_eq!(a.value, Number::U64(4));
    returned.holds(a.start);
}

#[test]
fn idle_series_stay_where_a_consumer_wants_totals() {
    let bench = Bench::new();
    let (totals, deltas) = (bench.totals(), bench.deltas());
    add(&bench.counter(), &[("a", 1)]);
    for consumer in [totals, deltas] {
        let _ = values(&bench, consumer);
    }
    bench.store.acknowledge(deltas);
    bench.store.end_idle(SystemTime::now() + IDLE);
    assert_eq!(values(&bench, totals), named(&[("a", 1.0)]));
}
