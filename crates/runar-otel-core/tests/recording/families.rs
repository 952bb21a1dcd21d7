//! The names, labels and buckets of what metered calls feed.

use runar_otel_core::{
    __private::{Call, Function, Owner, ServiceMeta, Site, Verdict, in_sync},
    Counter, Gauge, Histogram,
    name::SECONDS_BUCKETS,
};

use crate::{
    calls::{ACTION, NO_ERRORS, SERVICE, begin, bench, lines},
    chain::Reports,
    reader::Point,
};

#[test]
fn name_and_prefix_make_the_names() {
    static META: ServiceMeta = ServiceMeta {
        name: "calls_named",
        prefix: "gateway_",
        ..SERVICE
    };
    static SITE: Site = Site::new(Function {
        family: Some("peer_discovery"),
        ..ACTION
    });
    static PREFIXED: Site = Site::new(Function {
        prefix: Some("dht_"),
        ..ACTION
    });
    let bench = bench();
    for site in [&SITE, &PREFIXED] {
        let owner = Owner::named("ignored", Some(&META));
        in_sync(Call::begin(site, owner, NO_ERRORS), || (), |()| Verdict::Ok);
    }
    let mut names: Vec<String> = bench
        .collect()
        .into_iter()
        .filter(|point| point.metric.ends_with("requests_total") && point.value > 0.0)
        .map(|point| point.metric)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "dht_action_requests_total",
            "gateway_peer_discovery_requests_total",
            "gateway_service_requests_total",
        ]
    );
}

#[test]
fn a_function_can_say_another_service() {
    static META: ServiceMeta = ServiceMeta {
        name: "calls_said_before",
        ..SERVICE
    };
    static SITE: Site = Site::new(Function {
        service: Some("calls_said"),
        ..ACTION
    });
    let bench = bench();
    let call = Call::begin(&SITE, Owner::named("Said", Some(&META)), NO_ERRORS);
    assert_eq!(call.service(), "calls_said");
    in_sync(call, || (), |()| Verdict::Ok);
    let points = bench.collect();
    assert_eq!(lines(&points, "service", "calls_said").len(), 4);
    assert_eq!(lines(&points, "service", "calls_said_before"), [""; 0]);
}

#[test]
fn buckets_are_those_of_the_action_alone() {
    static SITE: Site = Site::new(Function {
        buckets: Some(&[0.25, 0.5]),
        ..ACTION
    });
    static OTHER: Site = Site::new(ACTION);
    let bench = bench();
    in_sync(
        begin(&OTHER, "calls_seconds_buckets"),
        || (),
        |()| Verdict::Ok,
    );
    in_sync(begin(&SITE, "calls_own_buckets"), || (), |()| Verdict::Ok);
    let points = bench.collect();
    let bounds = |service: &str| {
        points
            .iter()
            .find(|point| {
                point.count > 0
                    && lines(std::slice::from_ref(*point), "service", service).len() == 1
            })
            .map(|point| point.bounds.clone())
            .unwrap()
    };
    assert_eq!(bounds("calls_own_buckets"), [0.25, 0.5]);
    assert_eq!(bounds("calls_seconds_buckets"), SECONDS_BUCKETS);
}

#[test]
fn the_default_buckets_stay_beside_others_of_the_name() {
    static FIRST: Site = Site::new(Function {
        family: Some("calls_ordered"),
        buckets: Some(&[0.25, 0.5]),
        ..ACTION
    });
    static LATER: Site = Site::new(Function {
        family: Some("calls_ordered"),
        ..ACTION
    });
    let bench = bench();
    in_sync(begin(&FIRST, "calls_first"), || (), |()| Verdict::Ok);
    let by_hand = Histogram::new("calls_ordered_duration_seconds", "By hand").register();
    in_sync(begin(&LATER, "calls_later"), || (), |()| Verdict::Ok);
    by_hand.observe(1.0);
    let points = bench.collect();
    let found = |service: Option<&'static str>| {
        let labels = |point: &&Point| {
            let mut labels = point.labels.iter();
            let found = labels.find(|kv| kv.key.as_str() == "service");
            point.count > 0 && found.map(|kv| kv.value.to_string()).as_deref() == service
        };
        let all: Vec<&Point> = points.iter().filter(labels).collect();
        assert_eq!(all.len(), 1, "{all:#?}");
        (all[0].bounds.clone(), all[0].scope.is_empty())
    };
    // Whoever comes first: own buckets have a scope of their own, all others share the common one.
    assert_eq!(found(Some("calls_first")), (vec![0.25, 0.5], false));
    let common = (SECONDS_BUCKETS.to_vec(), true);
    assert_eq!(found(Some("calls_later")), common);
    assert_eq!(found(None), common);
}

#[test]
fn a_hand_written_metric_of_the_same_name_is_the_same_metric() {
    static META: ServiceMeta = ServiceMeta {
        name: "calls_by_hand",
        prefix: "by_hand_",
        ..SERVICE
    };
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let requests = Counter::new("by_hand_service_requests_total", "By hand")
        .with_label("service", "calls_by_hand")
        .with_label("outcome", "ok")
        .register();
    let active = Gauge::new("by_hand_service_active_requests", "By hand")
        .with_label("service", "calls_by_hand")
        .register();
    requests.inc();
    let call = Call::begin(&SITE, Owner::named("calls_by_hand", Some(&META)), NO_ERRORS);
    active.inc();
    in_sync(call, || (), |()| Verdict::Ok);
    let all = lines(&bench.collect(), "service", "calls_by_hand");
    assert!(all.contains(&"by_hand_service_requests_total{outcome=ok} 2".to_owned()));
    assert!(all.contains(&"by_hand_service_active_requests{} 1".to_owned()));
    Counter::new("by_hand_service_errors_total", "By hand")
        .try_register()
        .unwrap()
        .add(0);
}

#[test]
fn a_hand_written_gauge_of_whole_numbers_is_no_rounding() {
    static SITE: Site = Site::new(Function {
        prefix: Some("whole_"),
        ..ACTION
    });
    let (reports, _listening) = Reports::listen();
    let bench = bench();
    let active = Gauge::<u64>::of("whole_action_active_requests", "By hand")
        .with_label("service", "calls_whole")
        .with_label("action", "act")
        .register();
    active.set(3);
    let call = begin(&SITE, "calls_whole");
    assert!(
        lines(&bench.collect(), "service", "calls_whole")
            .contains(&"whole_action_active_requests{action=act} 4".to_owned())
    );
    in_sync(call, || (), |()| Verdict::Ok);
    assert!(
        lines(&bench.collect(), "service", "calls_whole")
            .contains(&"whole_action_active_requests{action=act} 3".to_owned())
    );
    assert_eq!(*reports.0.lock().unwrap(), [""; 0]);
}
