//! Calls of which nothing is counted: views drop all their metrics, or telemetry is off.

use std::panic::Location;

use runar_otel_core::{
    __private::{Call, Function, Owner, Site, Verdict, add_label, in_sync},
    event_published,
    gate::{GateOptions, View},
    install,
    metric::Aggregation,
    uninstall,
};
use tracing::{field::Empty, info_span};

use crate::{
    calls::{ACTION, NO_ERRORS, finish, lines},
    chain::Reports,
    facade::{self, renew},
    reader::{Bench, Point},
    timer::Tracing,
};

const TIERED: Function = Function {
    labels: &["tier"],
    ..ACTION
};

/// What views select in these tests.
const QUIET: Function = Function {
    family: Some("uncounted"),
    ..TIERED
};

fn run(site: &'static Site, service: &'static str, body: impl FnOnce()) {
    let call = Call::begin(site, Owner::named(service, None), NO_ERRORS);
    in_sync(call, body, |()| Verdict::Ok);
}

fn tier(value: &str) {
    add_label("tier", value, Location::caller());
}

/// Runs something with this provider as the one of the process, and collects there.
fn installed(own: &Bench, work: impl FnOnce()) -> Vec<Point> {
    install(own.gate.clone());
    work();
    own.collect()
}

fn dropping(metrics: &'static str) -> Bench {
    let mut options = GateOptions::default();
    options.views = vec![View::select(metrics).aggregation(Aggregation::Drop)];
    Bench::new(options)
}

#[test]
fn a_function_is_uncounted_as_long_as_views_drop_its_metrics() {
    static SITE: Site = Site::new(QUIET);
    let mut common = facade::bench();
    let counted = |metrics: &'static str| {
        let bench = dropping(metrics);
        let all = installed(&bench, || run(&SITE, "uncounted_views", || tier("a")));
        lines(&all, "service", "uncounted_views")
    };
    let requests = "uncounted_requests_total{action=act,outcome=ok,tier=a} 1";
    assert_eq!(counted("uncounted_*"), [""; 0]);
    let of_all = counted("uncounted_other_*");
    assert!(of_all.iter().any(|line| line == requests), "{of_all:?}");
    assert_eq!(counted("uncounted_*"), [""; 0]);
    let duration = counted("uncounted_requests_total");
    assert_eq!(duration.len(), 1, "{duration:?}");
    assert!(duration[0].starts_with("uncounted_duration_seconds"));
    renew(&mut common);
}

#[test]
fn a_label_of_an_uncounted_call_is_not_one_of_the_call_around() {
    static OUTER: Site = Site::new(TIERED);
    static INNER: Site = Site::new(QUIET);
    let (reports, _listening) = Reports::listen();
    let mut common = facade::bench();
    let all = installed(&dropping("uncounted_*"), || {
        run(&OUTER, "uncounted_around", || {
            run(&INNER, "uncounted_around", || tier("inner"));
        });
    });
    let requests = "action_requests_total{action=act,outcome=ok,tier=} 1";
    let lines = lines(&all, "service", "uncounted_around");
    assert!(lines.iter().any(|line| line == requests), "{lines:?}");
    assert_eq!(*reports.0.lock().unwrap(), [""; 0]);
    renew(&mut common);
}

#[test]
fn a_call_while_telemetry_is_off_has_its_span_and_no_more() {
    static SITE: Site = Site::new(TIERED);
    let mut common = facade::bench();
    let tracing = Tracing::start();
    let call = || {
        let mut call = Call::begin(&SITE, Owner::named("uncounted_off", None), NO_ERRORS);
        assert!(call.takes_span());
        call.in_span(info_span!("off", outcome = Empty, error.type = Empty));
        let failed = |()| Verdict::Error("bad");
        in_sync(call, || tier("a"), |(): &()| failed(()));
    };
    uninstall();
    call();
    let told = tracing.span("off");
    for (key, value) in [("outcome", "error"), ("error.type", "bad")] {
        let mut all = told.attributes.iter();
        assert!(
            all.any(|one| one.key.as_str() == key && one.value.as_str() == value),
            "{told:?}"
        );
    }
    let bench = Bench::new(GateOptions::default());
    let all = installed(&bench, call);
    let lines = lines(&all, "service", "uncounted_off");
    let requests = "action_requests_total{action=act,outcome=error,tier=a} 1";
    assert!(lines.iter().any(|line| line == requests), "{lines:?}");
    renew(&mut common);
}

#[test]
fn nothing_is_reported_of_calls_while_telemetry_is_off() {
    static SITE: Site = Site::new(TIERED);
    let mut common = facade::bench();
    let (reports, _listening) = Reports::listen();
    uninstall();
    run(&SITE, "uncounted_silent", || {
        tier("a");
        finish(event_published("uncounted.event", async {}));
    });
    assert_eq!(*reports.0.lock().unwrap(), [""; 0]);
    let all = installed(&Bench::new(GateOptions::default()), || ());
    assert_eq!(lines(&all, "event", "uncounted.event"), [""; 0]);
    renew(&mut common);
}
