//! Parts of a call that run in other tasks, and outlive it.

use std::{
    fmt::Debug,
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use runar_otel_core::{
    __private::{Call, Owner, ServiceMeta, Site, Verdict, in_async, in_sync},
    event_published, in_call,
};

use crate::{
    calls::{ACTION, NO_ERRORS, SERVICE, bench, finish, lines, poll_once},
    reader::Bench,
};

static SITE: Site = Site::new(ACTION);

fn service(name: &'static str) -> Owner {
    let meta = ServiceMeta {
        name,
        events: true,
        ..SERVICE
    };
    Owner::named("Tasks", Some(Box::leak(Box::new(meta))))
}

fn act<R>(owner: Owner, body: impl FnOnce() -> R) -> R {
    in_sync(Call::begin(&SITE, owner, NO_ERRORS), body, |_| Verdict::Ok)
}

fn requests(bench: &Bench, service: &str) -> f64 {
    let all = bench.collect();
    let of_service = |line: &String| line.starts_with("service_requests_total{outcome=ok}");
    let line = lines(&all, "service", service).into_iter().find(of_service);
    line.map_or(0.0, |line| {
        line.rsplit(' ').next().unwrap().parse().unwrap()
    })
}

#[test]
fn actions_of_a_call_that_is_over_are_requests_of_their_own() {
    let (bench, owner) = (bench(), service("tasks_over"));
    let mut later = None;
    act(owner, || {
        finish(in_call(async { act(owner, || ()) }));
        later = Some(in_call(async { act(owner, || ()) }));
    });
    assert!((requests(&bench, "tasks_over") - 1.0).abs() < 1e-9);
    finish(later.unwrap());
    assert!((requests(&bench, "tasks_over") - 1.0).abs() < 1e-9);
}

/// A call lasts over the parts in which nothing else is done.
#[test]
fn a_call_lasts_until_its_last_part() {
    let (bench, owner) = (bench(), service("tasks_parts"));
    let mut spawned = None;
    let body = async {
        spawned = Some(in_call(async {
            act(owner, || ());
            tokio::task::yield_now().await;
            act(owner, || ());
        }));
        tokio::task::yield_now().await;
    };
    {
        let call = Call::begin(&SITE, owner, NO_ERRORS);
        let mut outer = pin!(in_async(call, body, |()| Verdict::Ok));
        assert!(poll_once(outer.as_mut()).is_pending());
        assert!(poll_once(outer.as_mut()).is_ready());
    }
    let _ = bench.collect();
    finish(spawned.unwrap());
    assert!((requests(&bench, "tasks_parts") - 2.0).abs() < 1e-9);
}

#[test]
fn parts_of_a_call_that_lasts_are_no_requests() {
    let (bench, owner) = (bench(), service("tasks_lasting"));
    let mut spawned = None;
    let body = async {
        spawned = Some(Box::pin(in_call(async { act(owner, || ()) })));
        pending::<()>().await;
    };
    let call = Call::begin(&SITE, owner, NO_ERRORS);
    {
        let mut outer = Box::pin(in_async(call, body, |()| Verdict::Ok));
        for _ in 0..3 {
            assert!(poll_once(outer.as_mut()).is_pending());
        }
        drop(outer);
    }
    let _ = bench.collect();
    finish(spawned.unwrap());
    assert!((requests(&bench, "tasks_lasting") - 1.0).abs() < 1e-9);
}

#[test]
fn a_call_that_unwinds_is_over() {
    let (bench, owner) = (bench(), service("tasks_unwinding"));
    let mut spawned = None;
    let unwinding = catch_unwind(AssertUnwindSafe(|| {
        act(owner, || {
            spawned = Some(in_call(async { act(owner, || ()) }));
            panic!("expected");
        });
    }));
    unwinding.unwrap_err();
    finish(spawned.unwrap());
    assert!((requests(&bench, "tasks_unwinding") - 1.0).abs() < 1e-9);
}

/// How many calls a future is in.
fn depth(future: &impl Debug) -> usize {
    let shown = format!("{future:?}");
    let calls = shown.split("calls: ").nth(1).unwrap();
    calls
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap()
}

/// A worker that spawns its successor and ends, for ever.
#[test]
fn a_chain_of_tasks_stays_short() {
    let (_bench, owner) = (bench(), service("tasks_chain"));
    let successor = || in_call(std::future::ready(()));
    let mut next = act(owner, successor);
    for _ in 0..100 {
        let spawned = poll_fn(|_| Poll::Ready(act(owner, successor)));
        next = {
            let chained = act(owner, || in_call(spawned));
            finish(chained)
        };
        assert!(depth(&next) <= 2, "{next:?}");
    }
    assert_eq!(poll_once(Box::pin(next)), Poll::Ready(()));
}

#[test]
fn events_of_a_call_that_is_over_keep_their_service() {
    let (bench, owner) = (bench(), service("tasks_events"));
    let late = act(owner, || in_call(event_published("tasks.done", async {})));
    finish(late);
    let all = lines(&bench.collect(), "service", "tasks_events");
    let published = "event_published_total{event=tasks.done,outcome=ok} 1";
    assert!(all.iter().any(|line| line == published), "{all:?}");
}
