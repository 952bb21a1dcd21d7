//! Series that begin at zero.

use opentelemetry::KeyValue;
use runar_otel_core::{
    __private::{
        Call, Function, Owner, SERVICES, SITES, ServiceMeta, Site, Verdict, in_sync, linkme,
    },
    clock::Clock,
};

use crate::{
    calls::{ACTION, SERVICE, bench, line, lines},
    facade::renew,
    isolated::{Recorder, recorder},
    reader::Point,
    timer::Tracing,
};

static META: ServiceMeta = ServiceMeta {
    name: "zero_linked",
    ..SERVICE
};

#[linkme::distributed_slice(SERVICES)]
#[linkme(crate = runar_otel_core::__private::linkme)]
static LINKED_META: &ServiceMeta = &META;

static SITE: Site = Site::new(Function {
    owner: Some(Owner::named("Linked", Some(&META))),
    error_types: Some(|| &["busy"]),
    ..ACTION
});

#[linkme::distributed_slice(SITES)]
#[linkme(crate = runar_otel_core::__private::linkme)]
static LINKED: &Site = &SITE;

fn of(points: &[Point], service: &'static str) -> Vec<String> {
    let mut all: Vec<String> = points
        .iter()
        .filter(|point| point.labels.contains(&KeyValue::new("service", service)))
        .map(line)
        .collect();
    all.sort();
    all
}

#[test]
fn a_new_provider_shows_what_is_linked() {
    let mut bench = bench();
    renew(&mut bench);
    assert_eq!(
        of(&bench.collect(), "zero_linked"),
        [
            "action_active_requests{action=act} 0",
            "action_errors_total{action=act,error_type=busy} 0",
            "action_errors_total{action=act,error_type=panic} 0",
            "action_requests_total{action=act,outcome=cancelled} 0",
            "action_requests_total{action=act,outcome=error} 0",
            "action_requests_total{action=act,outcome=ok} 0",
            "action_requests_total{action=act,outcome=panic} 0",
            "service_active_requests{} 0",
            "service_errors_total{error_type=busy} 0",
            "service_errors_total{error_type=panic} 0",
            "service_requests_total{outcome=cancelled} 0",
            "service_requests_total{outcome=error} 0",
            "service_requests_total{outcome=ok} 0",
            "service_requests_total{outcome=panic} 0",
        ]
    );
}

#[test]
fn a_function_begins_at_zero_when_it_meets_its_owner() {
    static MET: Site = Site::new(ACTION);
    let bench = bench();
    let call = Call::begin(&MET, Owner::named("zero_met", None), || &["busy"]);
    assert_eq!(
        of(&bench.collect(), "zero_met"),
        [
            "action_active_requests{action=act} 1",
            "action_errors_total{action=act,error_type=busy} 0",
            "action_errors_total{action=act,error_type=panic} 0",
            "action_requests_total{action=act,outcome=cancelled} 0",
            "action_requests_total{action=act,outcome=error} 0",
            "action_requests_total{action=act,outcome=ok} 0",
            "action_requests_total{action=act,outcome=panic} 0",
        ]
    );
    in_sync(call, || (), |()| Verdict::Error("busy"));
    assert!(
        lines(&bench.collect(), "service", "zero_met")
            .contains(&"action_errors_total{action=act,error_type=busy} 1".to_owned())
    );
}

#[test]
fn a_zero_leads_to_no_trace() {
    static MET: Site = Site::new(ACTION);
    let bench = bench();
    let _tracing = Tracing::start();
    // In all metrics of the service at once: to look is to take.
    let linked = || {
        let ours = KeyValue::new("service", "zero_span");
        let streams = bench.gate.streams().all();
        let mut names: Vec<String> = streams
            .into_iter()
            .filter(|stream| {
                let taken = stream.take_exemplars();
                let mut labels = taken.iter().map(|(labels, _)| labels.to_key_values());
                labels.any(|labels| labels.contains(&ours))
            })
            .map(|stream| stream.plan().name.to_string())
            .collect();
        names.sort();
        names
    };
    tracing::info_span!("caller").in_scope(|| {
        let call = Call::begin(&MET, Owner::named("zero_span", None), || &["busy"]);
        assert!(linked().is_empty());
        in_sync(call, || (), |()| Verdict::Error("busy"));
    });
    assert_eq!(
        linked(),
        [
            "action_duration_seconds",
            "action_errors_total",
            "action_requests_total",
        ]
    );
}

#[test]
fn each_way_to_return_of_a_generic_function_begins_at_zero() {
    static MET: Site = Site::new(ACTION);
    let owner = Owner::named("zero_generic", None);
    let one: fn() -> &'static [&'static str] = || &["one"];
    let other: fn() -> &'static [&'static str] = || &["other"];
    let bench = bench();
    drop(Call::begin(&MET, owner, one));
    let call = Call::begin(&MET, owner, other);
    let errors = |kind: &str, value: u8| {
        format!("action_errors_total{{action=act,error_type={kind}}} {value}")
    };
    let before = of(&bench.collect(), "zero_generic");
    assert!(before.contains(&errors("one", 0)) && before.contains(&errors("other", 0)));
    in_sync(call, || (), |()| Verdict::Error("other"));
    assert!(lines(&bench.collect(), "service", "zero_generic").contains(&errors("other", 1)));
}

#[test]
fn an_isolated_recorder_has_zeroes_and_calls_of_its_own() {
    static MET: Site = Site::new(ACTION);
    let begin = || Call::begin(&MET, Owner::named("zero_isolated", None), || &["busy"]);
    let process = bench();
    let counted = |recorder: &Recorder| of(&recorder.bench.collect(), "zero_isolated");
    let (one, other) = (recorder(Clock::system()), recorder(Clock::system()));
    let call = one.isolated.scope(begin);
    drop(other.isolated.scope(begin));
    drop(call);
    assert!(
        of(&process.collect(), "zero_isolated")
            .iter()
            .all(|line| line.ends_with(" 0"))
    );
    for recorder in [&one, &other] {
        assert_eq!(
            counted(recorder),
            [
                "action_active_requests{action=act} 0",
                "action_duration_seconds{action=act,outcome=cancelled} 1",
                "action_errors_total{action=act,error_type=busy} 0",
                "action_errors_total{action=act,error_type=panic} 0",
                "action_requests_total{action=act,outcome=cancelled} 1",
                "action_requests_total{action=act,outcome=error} 0",
                "action_requests_total{action=act,outcome=ok} 0",
                "action_requests_total{action=act,outcome=panic} 0",
            ]
        );
    }
}

#[test]
fn labels_that_nobody_knows_yet_have_no_zero() {
    static MET: Site = Site::new(Function {
        labels: &["tier"],
        ..ACTION
    });
    let bench = bench();
    let call = Call::begin(&MET, Owner::named("zero_labels", None), || &["busy"]);
    drop(call);
    assert_eq!(
        of(&bench.collect(), "zero_labels"),
        [
            "action_active_requests{action=act} 0",
            "action_duration_seconds{action=act,outcome=cancelled,tier=} 1",
            "action_requests_total{action=act,outcome=cancelled,tier=} 1",
        ]
    );
}

#[test]
fn the_catalogue_knows_what_is_linked() {
    let names = |declared: Vec<runar_otel_core::catalogue::MetricDeclaration>| -> Vec<String> {
        declared.iter().map(|one| one.name.to_string()).collect()
    };
    assert_eq!(
        names(SITE.declared()),
        [
            "action_requests_total",
            "action_active_requests",
            "action_errors_total",
            "action_duration_seconds",
        ]
    );
    assert_eq!(
        names(META.declared()),
        [
            "service_requests_total",
            "service_active_requests",
            "service_errors_total",
            "service_response_time_seconds",
        ]
    );
}

#[test]
fn a_service_that_nothing_feeds_is_found() {
    static IDLE: ServiceMeta = ServiceMeta {
        name: "zero_idle",
        ..SERVICE
    };
    #[linkme::distributed_slice(SERVICES)]
    #[linkme(crate = runar_otel_core::__private::linkme)]
    static LINKED_IDLE: &ServiceMeta = &IDLE;
    let idle: Vec<&str> = runar_otel_core::action::idle_services()
        .iter()
        .map(|service| service.name)
        .collect();
    assert_eq!(idle, ["zero_idle"]);
}
