//! Chains of calls: the outermost action of a service, labels, other tasks.

use std::{
    fmt::Debug,
    panic::Location,
    sync::{Arc, LazyLock, LockResult, Mutex, MutexGuard},
    time::Duration,
};

use runar_otel_core::{
    __private::{
        Call, Function, Owner, Role, ServiceMeta, Site, Verdict, add_label, in_async, in_sync,
    },
    in_call, report,
};

use tracing::{Dispatch, Event, Subscriber, field::Field, subscriber::DefaultGuard};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
};

use crate::calls::{ACTION, NO_ERRORS, SERVICE, bench, finish, lines};

fn run<R>(site: &'static Site, owner: Owner, body: impl FnOnce() -> R) -> R {
    in_sync(Call::begin(site, owner, NO_ERRORS), body, |_| Verdict::Ok)
}

/// Only the totals of requests: enough to see what was counted.
fn requests(service: &str, all: &[crate::reader::Point]) -> Vec<String> {
    let counted = lines(all, "service", service).into_iter();
    counted
        .filter(|line| line.contains("_requests_total"))
        .collect()
}

#[test]
fn the_outermost_action_is_the_request_to_the_service() {
    static META: ServiceMeta = ServiceMeta {
        name: "chain_nested",
        ..SERVICE
    };
    static OTHER: ServiceMeta = ServiceMeta {
        name: "chain_other",
        ..SERVICE
    };
    static PLAIN: Site = Site::new(Function {
        metered: false,
        ..ACTION
    });
    static METERED: Site = Site::new(Function {
        name: "metered",
        ..ACTION
    });
    let (one, other) = (
        Owner::named("A", Some(&META)),
        Owner::named("B", Some(&OTHER)),
    );
    let bench = bench();
    run(&PLAIN, one, || {
        run(&METERED, one, || ());
        run(&PLAIN, other, || run(&PLAIN, one, || ()));
    });
    let all = bench.collect();
    assert_eq!(
        requests("chain_nested", &all),
        [
            "action_requests_total{action=metered,outcome=ok} 1",
            "service_requests_total{outcome=ok} 1",
        ]
    );
    assert_eq!(
        requests("chain_other", &all),
        ["service_requests_total{outcome=ok} 1"]
    );
}

#[test]
fn handlers_and_jobs_are_no_requests_to_the_service() {
    static META: ServiceMeta = ServiceMeta {
        name: "chain_families",
        ..SERVICE
    };
    static HANDLER: Site = Site::new(Function {
        role: Role::Event,
        event: Some("user.updated"),
        metered: false,
        ..ACTION
    });
    static JOB: Site = Site::new(Function {
        role: Role::Job,
        name: "job",
        metered: false,
        ..ACTION
    });
    static ACT: Site = Site::new(Function {
        metered: false,
        ..ACTION
    });
    let owner = Owner::named("A", Some(&META));
    let bench = bench();
    run(&HANDLER, owner, || run(&ACT, owner, || ()));
    run(&JOB, owner, || ());
    assert_eq!(
        lines(&bench.collect(), "service", "chain_families"),
        [
            "action_duration_seconds{action=job,outcome=ok} 1",
            "action_requests_total{action=job,outcome=ok} 1",
            "event_processing_time_seconds{event=user.updated,outcome=ok} 1",
            "event_received_total{event=user.updated} 1",
            "service_requests_total{outcome=ok} 1",
            "service_response_time_seconds{outcome=ok} 1",
        ]
    );
}

#[test]
fn a_service_can_meter_all_of_its_actions() {
    static META: ServiceMeta = ServiceMeta {
        name: "chain_actions",
        actions: true,
        ..SERVICE
    };
    static ACT: Site = Site::new(Function {
        metered: false,
        ..ACTION
    });
    let bench = bench();
    run(&ACT, Owner::named("A", Some(&META)), || ());
    assert_eq!(
        requests("chain_actions", &bench.collect()),
        [
            "action_requests_total{action=act,outcome=ok} 1",
            "service_requests_total{outcome=ok} 1",
        ]
    );
}

static TIERED: Site = Site::new(Function {
    name: "tiered",
    labels: &["tier", "region"],
    ..ACTION
});

#[test]
fn labels_of_nested_calls_do_not_mix() {
    let owner = Owner::named("chain_labels", None);
    let here = Location::caller();
    let bench = bench();
    run(&TIERED, owner, || {
        add_label("tier", "outer", here);
        run(&TIERED, owner, || {
            add_label("tier", "inner", here);
            add_label("region", "eu", here);
        });
        add_label("tier", "outer again", here);
    });
    assert_eq!(
        requests("chain_labels", &bench.collect()),
        [
            "action_requests_total{action=tiered,outcome=ok,region=,tier=outer again} 1",
            "action_requests_total{action=tiered,outcome=ok,region=eu,tier=inner} 1",
        ]
    );
}

#[test]
fn a_function_has_as_many_labels_as_it_declares() {
    static MANY: Site = Site::new(Function {
        name: "many",
        labels: &["a", "b", "c", "d", "e", "f", "g", "h", "i"],
        ..ACTION
    });
    let bench = bench();
    let mut call = Call::begin(&MANY, Owner::named("chain_many", None), NO_ERRORS);
    for (at, name) in MANY.function().labels.iter().enumerate() {
        call.label(at, &name.to_uppercase());
    }
    in_sync(call, || (), |()| Verdict::Ok);
    assert_eq!(
        requests("chain_many", &bench.collect()),
        ["action_requests_total{a=A,action=many,b=B,c=C,d=D,e=E,f=F,g=G,h=H,i=I,outcome=ok} 1",]
    );
}

#[test]
fn a_label_passes_calls_that_have_none_of_their_own() {
    static META: ServiceMeta = ServiceMeta {
        name: "chain_through",
        ..SERVICE
    };
    static ACT: Site = Site::new(Function {
        metered: false,
        ..ACTION
    });
    let bench = bench();
    let mut call = Call::begin(&TIERED, Owner::named("chain_passed", None), NO_ERRORS);
    call.label(1, "us");
    let body = || {
        run(&ACT, Owner::named("A", Some(&META)), || {
            add_label("tier", "gold", Location::caller());
        });
    };
    in_sync(call, body, |()| Verdict::Error("busy"));
    assert_eq!(
        lines(&bench.collect(), "service", "chain_passed"),
        [
            "action_duration_seconds{action=tiered,outcome=error,region=us,tier=gold} 1",
            "action_errors_total{action=tiered,error_type=busy,region=us,tier=gold} 1",
            "action_requests_total{action=tiered,outcome=error,region=us,tier=gold} 1",
        ]
    );
}

#[test]
fn tasks_that_take_turns_keep_their_labels() {
    async fn tier(tier: &'static str) {
        let call = Call::begin(&TIERED, Owner::named("chain_turns", None), NO_ERRORS);
        let body = async {
            tokio::task::yield_now().await;
            add_label("tier", tier, Location::caller());
            tokio::task::yield_now().await;
        };
        in_async(call, body, |()| Verdict::Ok).await;
    }
    let bench = bench();
    finish(async { tokio::join!(tier("a"), tier("b")) });
    let all = bench.collect();
    assert_eq!(
        requests("chain_turns", &all),
        [
            "action_requests_total{action=tiered,outcome=ok,region=,tier=a} 1",
            "action_requests_total{action=tiered,outcome=ok,region=,tier=b} 1",
        ]
    );
}

static SPAWNING: ServiceMeta = ServiceMeta {
    name: "chain_spawned",
    ..SERVICE
};

#[test]
fn a_spawned_task_can_stay_in_the_call() {
    let bench = bench();
    let owner = Owner::named("A", Some(&SPAWNING));
    let call = Call::begin(&TIERED, owner, NO_ERRORS);
    let body = async move {
        let task = async move {
            tokio::task::yield_now().await;
            add_label("tier", "from the task", Location::caller());
            run(&TIERED, owner, || ());
        };
        tokio::spawn(in_call(task)).await.unwrap();
        tokio::spawn(async move { run(&TIERED, owner, || ()) })
            .await
            .unwrap();
    };
    finish(in_async(call, body, |()| Verdict::Ok));
    assert_eq!(
        requests("chain_spawned", &bench.collect()),
        [
            "action_requests_total{action=tiered,outcome=ok,region=,tier=from the task} 1",
            "action_requests_total{action=tiered,outcome=ok,region=,tier=} 2",
            "service_requests_total{outcome=ok} 2",
        ]
    );
}

/// Keeps what is reported.
#[derive(Clone, Default)]
pub(crate) struct Reports(pub(crate) Said);

/// What was reported so far.
#[derive(Clone, Default)]
pub(crate) struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    /// Waits for what is still to be written.
    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, Vec<String>>> {
        assert!(report::flush(Duration::from_secs(20)));
        self.0.lock()
    }
}

impl Reports {
    /// Keeps what this thread reports, for as long as the guard lives.
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        /// `tracing` forgets about a thread's only subscriber if another thread is the first one to report something.
        static SECOND: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));
        LazyLock::force(&SECOND);
        let reports = Self::default();
        let subscriber = tracing_subscriber::registry().with(reports.clone());
        let listening = tracing::subscriber::set_default(subscriber);
        (reports, listening)
    }
}

impl<S: Subscriber> Layer<S> for Reports {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != runar_otel_core::report::TARGET {
            return;
        }
        let mut said = String::new();
        event.record(&mut |_: &Field, value: &dyn Debug| said = format!("{value:?}"));
        self.0.0.lock().unwrap().push(said);
    }
}

#[test]
fn a_label_that_finds_no_call_is_reported_once() {
    let (reports, _listening) = Reports::listen();
    let _bench = bench();
    let here = Location::caller();
    for _ in 0..2 {
        add_label("chain_stray", "x", here);
        run(&TIERED, Owner::named("chain_reports", None), || {
            add_label("teir", "x", here);
        });
    }
    let said = reports.0.lock().unwrap();
    let [outside, undeclared] = said.as_slice() else {
        panic!("{said:#?}");
    };
    assert!(outside.contains("`chain_stray` is added at") && outside.contains("outside"));
    assert!(
        undeclared.contains(&format!("at {here}"))
            && undeclared.contains(&format!("`tiered` at {}", TIERED.at()))
            && undeclared.ends_with("did you mean `tier`?"),
        "{undeclared}"
    );
}

#[test]
fn the_chain_is_left_when_a_body_unwinds() {
    let owner = Owner::named("chain_left", None);
    let bench = bench();
    run(&TIERED, owner, || {
        let unwound = std::panic::catch_unwind(|| {
            run(&TIERED, owner, || panic!("expected"));
        });
        unwound.unwrap_err();
        add_label("tier", "outer", Location::caller());
    });
    assert_eq!(
        requests("chain_left", &bench.collect()),
        [
            "action_requests_total{action=tiered,outcome=ok,region=,tier=outer} 1",
            "action_requests_total{action=tiered,outcome=panic,region=,tier=} 1",
        ]
    );
}
