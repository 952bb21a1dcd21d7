//! Finished calls: duration and number of calls agree, whatever happens around them.

#![expect(dead_code, reason = "the reader can do more than is needed here")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "recording/reader.rs"]
mod reader;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use runar_otel_core::{
    __private::{Call, Function, Owner, Role, Site, Verdict, in_sync},
    Gauge,
    clock::Clock,
    exemplar::Reservoir,
    gate::{GateOptions, View},
    install,
    isolated::IsolatedRecorder,
    metric::Aggregation,
    uninstall,
};

use crate::reader::{Bench, Point};

const ACTION: Function = Function {
    role: Role::Action,
    name: "act",
    metered: true,
    family: None,
    prefix: None,
    service: None,
    event: None,
    labels: &[],
    buckets: None,
    owner: None,
    error_types: None,
};

/// The provider of the process, of one test at a time.
struct Installed(
    Bench,
    #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>,
);

impl Installed {
    fn new(views: Vec<View>) -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let lock = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = GateOptions::default();
        options.views = views;
        Self(fresh(options), lock)
    }

    fn seen(&self) -> Seen {
        let mut seen = Seen::new();
        add(&mut seen, &self.0.collect());
        seen
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        uninstall();
    }
}

fn fresh(options: GateOptions) -> Bench {
    let bench = Bench::new(options);
    install(bench.gate.clone());
    bench
}

/// By metric and outcome: how many calls there were.
type Seen = BTreeMap<(String, String), u64>;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of calls"
)]
fn add(seen: &mut Seen, points: &[Point]) {
    for point in points {
        let outcome = point.labels.iter().find(|kv| kv.key.as_str() == "outcome");
        let Some(outcome) = outcome.map(|kv| kv.value.to_string()) else {
            continue;
        };
        let count = if point.bounds.is_empty() {
            point.value as u64
        } else {
            point.count
        };
        if count > 0 {
            *seen.entry((point.metric.clone(), outcome)).or_default() += count;
        }
    }
}

fn seen(all: &[(&str, &str, u64)]) -> Seen {
    let one = |(metric, outcome, count): &(&str, &str, u64)| {
        (((*metric).to_owned(), (*outcome).to_owned()), *count)
    };
    all.iter().map(one).collect()
}

fn begin(site: &'static Site) -> Call {
    Call::begin(site, Owner::named("finished", None), || &[])
}

fn call(site: &'static Site, verdict: Verdict) {
    in_sync(begin(site), || (), |()| verdict);
}

/// The only value of a metric.
fn level(bench: &Bench, metric: &str) -> Option<f64> {
    let points = bench.collect();
    let point = points.iter().find(|point| point.metric == metric);
    point.map(|point| point.value)
}

fn panicking(site: &'static Site) {
    let call = || in_sync(begin(site), || panic!("expected"), |()| Verdict::Ok);
    catch_unwind(AssertUnwindSafe(call)).unwrap_err();
}

#[test]
fn both_agree_whatever_threads_and_collections_do() {
    const THREADS: u64 = 4;
    const LIVES: u64 = 5;
    const ROUNDS: u64 = 300;
    static SITE: Site = Site::new(ACTION);
    let installed = Installed::new(Vec::new());
    // What unwinds is no news.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let over = AtomicBool::new(false);
    let mut all = Seen::new();
    thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let mut all = Seen::new();
            while !over.load(Ordering::Relaxed) {
                add(&mut all, &installed.0.collect());
            }
            all
        });
        let life = || {
            for _ in 0..ROUNDS {
                call(&SITE, Verdict::Ok);
                call(&SITE, Verdict::Ok);
                call(&SITE, Verdict::Error("busy"));
                panicking(&SITE);
                drop(begin(&SITE));
            }
        };
        let worker = move || {
            for _ in 0..LIVES {
                thread::scope(|inner| inner.spawn(life).join()).unwrap();
            }
        };
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        over.store(true, Ordering::Relaxed);
        all = collector.join().unwrap();
    });
    std::panic::set_hook(hook);
    add(&mut all, &installed.0.collect());
    let each = THREADS * LIVES * ROUNDS;
    let metrics = ["action_duration_seconds", "action_requests_total"];
    let expected = metrics.map(|metric| {
        [
            (metric, "cancelled", each),
            (metric, "error", each),
            (metric, "ok", 2 * each),
            (metric, "panic", each),
        ]
    });
    assert_eq!(all, seen(&expected.concat()));
}

#[test]
fn a_view_may_drop_either() {
    static SITES: [Site; 2] = [
        Site::new(Function {
            family: Some("untimed"),
            ..ACTION
        }),
        Site::new(Function {
            family: Some("uncounted"),
            ..ACTION
        }),
    ];
    let metrics = [
        ("untimed_duration_seconds", "untimed_requests_total"),
        ("uncounted_requests_total", "uncounted_duration_seconds"),
    ];
    for (site, (dropped, kept)) in SITES.iter().zip(metrics) {
        let drop = View::select(dropped).aggregation(Aggregation::Drop);
        let installed = Installed::new(vec![drop]);
        for _ in 0..3 {
            call(site, Verdict::Ok);
        }
        assert_eq!(installed.seen(), seen(&[(kept, "ok", 3)]), "{dropped}");
    }
}

#[test]
fn views_shape_each_of_them() {
    static SITE: Site = Site::new(Function {
        family: Some("shaped"),
        ..ACTION
    });
    let installed = Installed::new(vec![
        View::select("shaped_duration_seconds").buckets(vec![1.0]),
        View::select("shaped_duration_seconds").rename("renamed_seconds"),
        View::select("shaped_requests_total").drop_labels(["action", "service"]),
    ]);
    for _ in 0..3 {
        call(&SITE, Verdict::Ok);
    }
    let points = installed.0.collect();
    let one = |metric: &str| {
        let mut of_metric = points
            .iter()
            .filter(|point| point.metric == metric && (point.count > 0 || point.value > 0.0));
        let point = of_metric.next().unwrap().clone();
        assert_eq!(of_metric.next(), None);
        point
    };
    assert_eq!(one("shaped_duration_seconds").bounds, [1.0]);
    assert_eq!(one("shaped_duration_seconds").count, 3);
    assert_eq!(one("renamed_seconds").count, 3);
    assert_eq!(one("shaped_requests_total").labels.len(), 1);
}

#[test]
fn both_have_exemplars_of_a_sampled_call_only() {
    static SITE: Site = Site::new(Function {
        family: Some("traced"),
        ..ACTION
    });
    let both = ["traced_duration_seconds", "traced_requests_total"];
    let keep = |metric: &str| View::select(metric).reservoir(Reservoir::FixedSize(9));
    let installed = Installed::new(both.map(keep).to_vec());
    call(&SITE, Verdict::Ok);
    let within = |flags| {
        let span = SpanContext::new(
            TraceId::from(7),
            SpanId::from(9),
            flags,
            false,
            TraceState::NONE,
        );
        let _active = Context::new().with_remote_span_context(span).attach();
        call(&SITE, Verdict::Ok);
    };
    within(TraceFlags::NOT_SAMPLED);
    within(TraceFlags::SAMPLED);
    within(TraceFlags::SAMPLED);
    for metric in both {
        let series = installed.0.exemplars(metric).into_iter();
        let all: Vec<_> = series.flat_map(|(_, kept)| kept).collect();
        assert_eq!(all.len(), 2, "{metric}");
        for exemplar in all {
            assert_eq!(exemplar.span.unwrap().trace_id, TraceId::from(7));
            let counted = (exemplar.value - 1.0).abs() < f64::EPSILON;
            assert_eq!(counted, metric.ends_with("total"));
        }
    }
}

#[test]
fn a_call_ends_in_the_provider_that_is_there_then() {
    static SITE: Site = Site::new(Function {
        family: Some("moved"),
        ..ACTION
    });
    let installed = Installed::new(Vec::new());
    call(&SITE, Verdict::Ok);
    call(&SITE, Verdict::Ok);
    let open = begin(&SITE);
    let moved = |count| {
        seen(&[
            ("moved_duration_seconds", "ok", count),
            ("moved_requests_total", "ok", count),
        ])
    };
    assert_eq!(installed.seen(), moved(2));
    let second = fresh(GateOptions::default());
    in_sync(open, || (), |()| Verdict::Ok);
    call(&SITE, Verdict::Ok);
    let mut there = Seen::new();
    add(&mut there, &second.collect());
    assert_eq!(there, moved(2));
    assert_eq!(installed.seen(), Seen::new());
    uninstall();
    call(&SITE, Verdict::Ok);
    let third = fresh(GateOptions::default());
    call(&SITE, Verdict::Ok);
    let mut there = Seen::new();
    add(&mut there, &third.collect());
    assert_eq!(there, moved(1));
}

#[test]
fn an_isolated_recorder_has_its_calls_for_itself() {
    static SITE: Site = Site::new(Function {
        family: Some("apart"),
        ..ACTION
    });
    let apart = |count| {
        seen(&[
            ("apart_duration_seconds", "ok", count),
            ("apart_requests_total", "ok", count),
        ])
    };
    let installed = Installed::new(Vec::new());
    call(&SITE, Verdict::Ok);
    let open = begin(&SITE);
    let own = Bench::new(GateOptions::default());
    let (clock, time) = Clock::manual();
    let isolated = IsolatedRecorder::new((*own.gate).clone(), clock);
    isolated.scope(|| {
        let inside = begin(&SITE);
        time.advance(Duration::from_secs(2));
        in_sync(
            inside,
            || time.advance(Duration::from_secs(3)),
            |()| Verdict::Ok,
        );
        // It began outside.
        in_sync(open, || (), |()| Verdict::Ok);
    });
    call(&SITE, Verdict::Ok);
    let points = own.collect();
    let mut there = Seen::new();
    add(&mut there, &points);
    assert_eq!(there, apart(1));
    let took = points
        .iter()
        .find(|point| point.count > 0)
        .map(|point| point.value);
    assert_eq!(took, Some(3.0));
    drop(isolated);
    call(&SITE, Verdict::Ok);
    assert_eq!(installed.seen(), apart(4));
}

#[test]
fn calls_under_way_are_right_on_whatever_threads_they_end() {
    static SITE: Site = Site::new(Function {
        family: Some("under_way"),
        ..ACTION
    });
    const CALLS: usize = 200;
    let installed = Installed::new(Vec::new());
    let active = |bench: &Bench| level(bench, "under_way_active_requests");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let now = active(&installed.0).unwrap_or_default();
                assert!((0.0..=1e3).contains(&now), "{now} calls are under way");
            }
        });
        // The threads end before their calls do.
        let begin = || scope.spawn(|| (0..CALLS).map(|_| begin(&SITE)).collect::<Vec<_>>());
        let begun: Vec<Vec<Call>> = [begin(), begin(), begin()]
            .into_iter()
            .map(|beginning| beginning.join().unwrap())
            .collect();
        assert_eq!(active(&installed.0), Some(600.0));
        let mut begun = begun.into_iter();
        let mut end = || begun.next().unwrap();
        let (ended, dropped, panicking) = (end(), end(), end());
        let ending = [
            scope.spawn(|| {
                for call in ended {
                    in_sync(call, || (), |()| Verdict::Ok);
                }
            }),
            scope.spawn(|| drop(dropped)),
        ];
        for thread in ending {
            thread.join().unwrap();
        }
        assert_eq!(active(&installed.0), Some(200.0));
        // Others go on counting in the next provider, and beside an isolated recorder.
        let second = fresh(GateOptions::default());
        assert_eq!(active(&second), Some(200.0));
        let own = Bench::new(GateOptions::default());
        let isolated = IsolatedRecorder::new((*own.gate).clone(), Clock::system());
        drop(panicking);
        assert_eq!(active(&second), Some(0.0));
        let inside = isolated.scope(|| self::begin(&SITE));
        assert_eq!(active(&second), Some(0.0));
        assert_eq!(active(&own), Some(1.0));
        drop(inside);
        assert_eq!(active(&own), Some(0.0));
        over.store(true, Ordering::Relaxed);
        watcher.join().unwrap();
    });
}

#[test]
fn calls_under_way_stay_exact_while_rules_change() {
    const ROUNDS: usize = 300;
    static SITE: Site = Site::new(ACTION);
    let installed = Installed::new(Vec::new());
    let gauge = Gauge::new("finished_level", "").register();
    let over = &AtomicBool::new(false);
    let last = thread::scope(|scope| {
        for _ in 0..3 {
            let gauge = gauge.clone();
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    gauge.add(2.0);
                    call(&SITE, Verdict::Ok);
                    gauge.sub(2.0);
                }
            });
        }
        let mut last = installed.0.gate.clone();
        for round in 0..ROUNDS {
            let mut options = GateOptions::default();
            options.limit = 100 + round % 2;
            last = fresh(options).gate;
            thread::yield_now();
        }
        over.store(true, Ordering::Relaxed);
        last
    });
    let last = Bench { gate: last };
    assert_eq!(level(&last, "action_active_requests"), Some(0.0));
    assert_eq!(level(&last, "finished_level"), Some(0.0));
}
