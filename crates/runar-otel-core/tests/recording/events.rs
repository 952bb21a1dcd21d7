//! Events: received and published.

use runar_otel_core::{
    __private::{Call, Function, Owner, Role, ServiceMeta, Site, Verdict, in_async},
    ErrorType, event_published,
};

use crate::{
    calls::{ACTION, NO_ERRORS, SERVICE, bench, finish, lines, poll_once},
    hostile::alone,
};

static META: ServiceMeta = ServiceMeta {
    name: "events_bus",
    prefix: "bus_",
    events: true,
    ..SERVICE
};

static SILENT: ServiceMeta = ServiceMeta {
    name: "events_silent",
    ..SERVICE
};

static ACT: Site = Site::new(Function {
    metered: false,
    ..ACTION
});

async fn publish(owner: Owner, event: &'static str) {
    let call = Call::begin(&ACT, owner, NO_ERRORS);
    let body = async {
        let published = async {
            tokio::task::yield_now().await;
            Err::<(), ()>(())
        };
        let _ = event_published(event, published).await;
        event_published(event.to_owned(), async {}).await;
    };
    in_async(call, body, |()| Verdict::Ok).await;
}

#[test]
fn a_publisher_counts_what_it_publishes() {
    let bench = bench();
    finish(publish(Owner::named("A", Some(&META)), "events.one"));
    let all = bench.collect();
    assert_eq!(
        lines(&all, "event", "events.one"),
        [
            "bus_event_publish_duration_seconds{event=events.one,outcome=error} 1",
            "bus_event_publish_duration_seconds{event=events.one,outcome=ok} 1",
            "bus_event_publish_failures_total{error_type=_OTHER,event=events.one} 1",
            "bus_event_published_total{event=events.one,outcome=error} 1",
            "bus_event_published_total{event=events.one,outcome=ok} 1",
        ]
    );
}

#[test]
fn a_service_that_does_not_ask_for_it_counts_no_events() {
    let bench = bench();
    finish(publish(Owner::named("A", Some(&SILENT)), "events.two"));
    let all = bench.collect();
    assert!(
        all.iter()
            .flat_map(|point| &point.labels)
            .all(|kv| kv.value.as_str() != "events.two")
    );
}

#[test]
fn outside_of_services_every_event_is_counted() {
    let bench = bench();
    finish(event_published("events.three", async { Ok::<u8, ()>(1) })).unwrap();
    let all = bench.collect();
    let point = all
        .iter()
        .find(|point| point.metric == "event_published_total" && point.value > 0.0)
        .unwrap();
    let labels: Vec<String> = point
        .labels
        .iter()
        .map(|kv| format!("{}={}", kv.key, kv.value))
        .collect();
    assert_eq!(labels, ["event=events.three", "outcome=ok", "service="]);
}

enum BusError {
    Full,
    Odd,
}

impl ErrorType for BusError {
    const ERROR_TYPES: &'static [&'static str] = &["full", "closed"];
    fn error_type(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Odd => "odd",
        }
    }
}

#[test]
fn errors_of_publishing_have_their_type_if_they_are_asked() {
    let bench = bench();
    for error in [BusError::Full, BusError::Odd] {
        let publishing = async { Err::<(), _>(error) };
        let _ = finish(event_published("events.typed", publishing).by_error_type());
    }
    let all = lines(&bench.collect(), "event", "events.typed");
    let failures: Vec<_> = all
        .iter()
        .filter(|line| line.starts_with("event_publish_failures_total"))
        .collect();
    assert_eq!(
        failures,
        [
            "event_publish_failures_total{error_type=_OTHER,event=events.typed} 1",
            "event_publish_failures_total{error_type=full,event=events.typed} 1",
        ]
    );
}

#[test]
fn dropped_publishing_is_cancelled_unpolled_counts_nothing() {
    let bench = bench();
    drop(event_published("events.four", async {}));
    assert!(lines(&bench.collect(), "event", "events.four").is_empty());
    let mut dropped = Box::pin(event_published("events.four", std::future::pending::<()>()));
    assert!(poll_once(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(
        lines(&bench.collect(), "event", "events.four"),
        [
            "event_publish_duration_seconds{event=events.four,outcome=cancelled} 1",
            "event_published_total{event=events.four,outcome=cancelled} 1",
        ]
    );
}

#[test]
fn an_event_is_received_when_its_handler_begins() {
    static HANDLER: Site = Site::new(Function {
        role: Role::Event,
        event: Some("events.five"),
        ..ACTION
    });
    let bench = bench();
    let call = Call::begin(&HANDLER, Owner::named("events_handler", None), NO_ERRORS);
    let mut handling = Box::pin(in_async(call, std::future::pending::<()>(), |()| {
        Verdict::Ok
    }));
    assert!(poll_once(&mut handling).is_pending());
    assert_eq!(
        lines(&bench.collect(), "event", "events.five"),
        ["event_received_total{event=events.five} 1"]
    );
    drop(handling);
    assert_eq!(
        lines(&bench.collect(), "event", "events.five"),
        ["event_processing_time_seconds{event=events.five,outcome=cancelled} 1"]
    );
}

#[test]
fn errors_that_an_event_learns_of_later_begin_at_zero_too() {
    let bench = bench();
    finish(event_published("events.later", async {}));
    finish(event_published("events.later", async { Ok::<(), ()>(()) })).unwrap();
    let all = bench.collect();
    let zero = all.iter().find(|point| {
        let has = |key: &str, value: &str| {
            let mut labels = point.labels.iter();
            labels.any(|kv| kv.key.as_str() == key && kv.value.as_str() == value)
        };
        has("event", "events.later") && has("error_type", "_OTHER")
    });
    assert!(zero.is_some_and(|point| point.value == 0.0), "{all:#?}");
}

#[test]
fn names_that_are_made_up_for_ever_are_bounded() {
    alone("events::publishes_many_names");
}

/// The names that have handles of their own are those of the process.
#[test]
#[ignore = "run by the test above"]
fn publishes_many_names() {
    const OWN: usize = 1_000;
    const LIMIT: usize = 2_000;
    let bench = bench();
    let publish = |from: usize, to: usize| {
        (from..to).for_each(|at| finish(event_published(format!("many.{at}"), async {})));
    };
    publish(0, OWN);
    let all = bench.collect();
    let own: Vec<_> = all
        .iter()
        .filter(|point| point.metric == "event_published_total")
        .collect();
    // Four outcomes each; those take no places.
    assert_eq!(own.len(), 4 * OWN);
    publish(OWN, OWN + LIMIT + 50);
    publish(OWN, OWN + LIMIT + 50);
    let all = bench.collect();
    for metric in ["event_published_total", "event_publish_duration_seconds"] {
        let of = |name: &str| {
            let labelled = lines(&all, "event", name).into_iter();
            labelled
                .filter(|line| line.starts_with(metric))
                .collect::<Vec<_>>()
        };
        let last = OWN + LIMIT - 1;
        assert_eq!(
            of(&format!("many.{last}")),
            [format!("{metric}{{event=many.{last},outcome=ok}} 2")]
        );
        assert_eq!(of(&format!("many.{}", last + 1)), [""; 0]);
        let beyond = lines(&all, "otel.metric.overflow", "true").into_iter();
        let beyond: Vec<_> = beyond.filter(|line| line.starts_with(metric)).collect();
        assert_eq!(
            beyond,
            [format!("{metric}{{otel.metric.overflow=true}} 100")]
        );
    }
}

#[test]
fn errors_of_a_name_among_too_many_have_their_types() {
    alone("events::fails_beyond_the_names");
}

#[test]
#[ignore = "run by the test above"]
fn fails_beyond_the_names() {
    let bench = bench();
    for at in 0..1_001 {
        let failing = async { Err::<(), _>(BusError::Full) };
        let published = event_published(format!("full.{at}"), failing).by_error_type();
        assert!(finish(published).is_err());
    }
    let all = lines(&bench.collect(), "event", "full.1000");
    assert_eq!(
        all,
        [
            "event_publish_duration_seconds{event=full.1000,outcome=error} 1",
            "event_publish_failures_total{error_type=full,event=full.1000} 1",
            "event_published_total{event=full.1000,outcome=error} 1",
        ]
    );
}
