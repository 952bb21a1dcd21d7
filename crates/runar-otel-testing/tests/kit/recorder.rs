//! Recorders: apart from each other, on threads, in tasks, with a clock and with spans.

use std::{sync::LazyLock, thread, time::Duration};

use runar_otel::{Counter, Gauge, Histogram, Timer};
use runar_otel_testing::{Kind, Metrics, Recorder, assert_metric, assert_no_metric};

static SHARED: LazyLock<Counter> =
    LazyLock::new(|| Counter::new("kit_shared_total", "A handle that all tests share").register());

#[test]
fn recorders_on_threads_do_not_mix() {
    thread::scope(|threads| {
        for n in 1..=8_u64 {
            threads.spawn(move || {
                let recorder = Recorder::new();
                recorder.run(|| {
                    for _ in 0..n {
                        SHARED.increment();
                    }
                });
                SHARED.increment();
                assert_metric!(recorder, "kit_shared_total", == n);
            });
        }
    });
}

#[test]
fn an_inner_recorder_takes_what_is_recorded_within_it() {
    let (outer, inner) = (Recorder::new(), Recorder::new());
    outer.run(|| {
        SHARED.increment();
        inner.run(|| SHARED.add(2));
        SHARED.increment();
    });
    assert_metric!(outer, "kit_shared_total", == 2);
    assert_metric!(inner, "kit_shared_total", == 2);
}

#[tokio::test]
async fn tasks_of_two_recorders_take_turns_on_one_thread() {
    turns().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_of_two_recorders_take_turns_on_several_threads() {
    turns().await;
}

async fn turns() {
    let recorders = [Recorder::new(), Recorder::new()];
    let mut tasks = Vec::new();
    for task in 0..20 {
        let work = async {
            for _ in 0..50 {
                SHARED.increment();
                tokio::task::yield_now().await;
            }
        };
        tasks.push(tokio::spawn(recorders[task % 2].scope(work)));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for recorder in recorders {
        recorder.run_async(async { SHARED.increment() }).await;
        assert_metric!(recorder, "kit_shared_total", == 501);
    }
}

#[test]
fn reads_are_typed() {
    let recorder = Recorder::new();
    recorder.run(|| {
        Gauge::new("kit_rooms", "Rooms").register().set(4.5);
        let sizes = Histogram::new("kit_size_bytes", "Sizes");
        let sizes = sizes.with_buckets(vec![10.0, 100.0]).register();
        for size in [5.0, 10.0, 50.0, 500.0] {
            sizes.observe(size);
        }
    });
    assert_eq!(recorder.gauge("kit_rooms", &[]), Some(4.5));
    assert_eq!(recorder.counter("kit_rooms", &[]), None);
    let sizes = recorder.histogram("kit_size_bytes", &[]).unwrap();
    assert_eq!((sizes.count, sizes.sum), (4, 565.0));
    assert_eq!(sizes.bounds(), [10.0, 100.0]);
    assert_eq!(sizes.at_most(10.0), Some(2));
    assert_eq!(sizes.at_most(100.0), Some(3));
    assert_eq!(sizes.at_most(f64::INFINITY), Some(4));
    assert_eq!(sizes.at_most(11.0), None);
    let unit = recorder
        .series()
        .into_iter()
        .find(|one| one.name == "kit_size_bytes");
    assert_eq!(unit.unwrap().unit, "By");
}

#[test]
fn the_page_has_the_same_numbers() {
    let recorder = Recorder::builder().with_spans().build();
    recorder.run(|| {
        let timer = Timer::new("kit_page_seconds", "Times").register();
        tracing::info_span!("call").in_scope(|| timer.observe(Duration::from_millis(200)));
        SHARED.increment_with(&[("source", "web")]);
    });
    let page = recorder.page();
    assert_metric!(page, "kit_shared_total", exactly {"source" => "web"}, == 1);
    assert_metric!(
        page,
        "kit_page_seconds",
        exactly {},
        count == 1,
        sum == 0.2,
        exemplars == 1
    );
    let [on_page, here] = [
        page.histogram("kit_page_seconds", &[]),
        recorder.histogram("kit_page_seconds", &[]),
    ];
    assert_eq!(on_page, here);
    assert_eq!(
        page.exemplars("kit_page_seconds", &[]),
        recorder.exemplars("kit_page_seconds", &[])
    );
    let family = page.family("kit_page_seconds").unwrap();
    assert_eq!(
        (family.kind, family.unit.as_str()),
        (Kind::Histogram, "seconds")
    );
}

#[test]
fn a_manual_clock_stands_still_and_a_running_one_can_be_put_forward() {
    let manual = Recorder::builder().manual_clock().build();
    let running = Recorder::new();
    for recorder in [&manual, &running] {
        recorder.run(|| {
            let timer = Timer::new("kit_clock_seconds", "Times").register();
            let timing = timer.start();
            recorder.clock().advance(Duration::from_secs(60));
            drop(timing);
        });
    }
    assert_metric!(manual, "kit_clock_seconds", sum == 60);
    assert_metric!(running, "kit_clock_seconds", sum > 60, sum < 120);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_paused_runtime_can_be_taken() {
    let recorder = Recorder::builder()
        .clock(|| tokio::time::Instant::now().into_std())
        .build();
    let work = async {
        let timing = Timer::new("kit_paused_seconds", "Times").register().start();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        drop(timing);
    };
    recorder.run_async(work).await;
    assert_metric!(recorder, "kit_paused_seconds", sum ~ 3600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_stay_with_their_recorder() {
    let work = |name: &'static str| async move {
        let span = tracing::info_span!("call", name, otel.status_code = "ERROR");
        for _ in 0..20 {
            span.in_scope(|| SHARED.increment_with(&[("task", name)]));
            tokio::task::yield_now().await;
        }
    };
    let recorders = ["one", "other"].map(|name| (name, Recorder::builder().with_spans().build()));
    let tasks = recorders
        .clone()
        .map(|(name, recorder)| tokio::spawn(recorder.scope(work(name))));
    for task in tasks {
        task.await.unwrap();
    }
    for (name, recorder) in recorders {
        let spans = recorder.spans();
        assert_eq!(spans.len(), 1);
        assert_eq!(
            (spans[0].name.as_str(), spans[0].status.as_str()),
            ("call", "ERROR")
        );
        assert_eq!(spans[0].attributes["name"], name);
        let exemplars = recorder.exemplars("kit_shared_total", &[("task", name)]);
        assert!(!exemplars.is_empty());
        assert!(
            exemplars
                .iter()
                .all(|exemplar| exemplar.span_id == spans[0].span_id)
        );
    }
}

#[test]
fn a_recorder_misses_records_made_outside() {
    let recorder = Recorder::new();
    SHARED.increment();
    assert_no_metric!(recorder, "kit_shared_total");
    assert!(recorder.page().families().is_empty());
}

#[test]
fn a_future_that_is_given_up_is_dropped_in_its_recorder() {
    struct Left;
    impl Drop for Left {
        fn drop(&mut self) {
            SHARED.increment();
            tracing::info_span!("left").in_scope(|| ());
        }
    }
    let recorder = Recorder::builder().with_spans().build();
    drop(recorder.scope(async move {
        let _left = Left;
        std::future::pending::<()>().await;
    }));
    let left = Left;
    drop(recorder.scope(async move { drop(left) }));
    assert_metric!(recorder, "kit_shared_total", == 1);
    assert_eq!(recorder.spans()[0].name, "left");
}
