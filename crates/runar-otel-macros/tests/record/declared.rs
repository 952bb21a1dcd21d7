//! Metrics that are declared: hints for whoever registers first, and reports of what does not fit.

use std::panic::Location;

use runar_otel_core::{
    __private::{METRICS, Metric, linkme},
    Counter, Gauge, Histogram,
    catalogue::{Mismatch, Origin, catalogue, check},
    metric::InstrumentKind,
};

use crate::{metrics, recorded::recorder, reports};

/// What `#[metric]` makes.
macro_rules! declare {
    ($name:literal, $kind:ident, $unit:expr, $description:literal, [$($label:literal),*], $buckets:expr) => {
        const _: () = {
            #[linkme::distributed_slice(METRICS)]
            #[linkme(crate = linkme)]
            static METRIC: &Metric = &Metric {
                name: $name,
                kind: InstrumentKind::$kind,
                unit: $unit,
                description: $description,
                labels: &[$($label),*],
                buckets: $buckets,
                at: Location::caller(),
            };
        };
    };
}

declare!(
    "declared_registration_total",
    Counter,
    Some("{user}"),
    "Users that registered",
    ["source", "account_type"],
    None
);
declare!(
    "declared_wait",
    Histogram,
    Some("ms"),
    "Time to wait",
    [],
    Some(&[1.0, 10.0])
);
declare!("declared_sessions", Gauge, None, "Open sessions", [], None);
declare!(
    "declared_Queue",
    UpDownCounter,
    None,
    "Jobs that wait",
    [],
    None
);
declare!("declared_level", Gauge, None, "Level", [], None);

#[test]
fn a_call_site_records_into_the_declared_metric() {
    let recorder = recorder();
    metrics::increment!("declared_registration_total", labels: {"account_type" => "free", "source" => "web"});
    let one = recorder.one("declared_registration_total");
    assert_eq!(one.unit, "{user}");
    assert_eq!(one.description, "Users that registered");
    assert_eq!(one.labels, ["account_type=free", "source=web"]);
    assert!(reports::about("declared_registration_total").is_empty());
}

#[test]
fn a_declared_histogram_has_its_unit_and_buckets() {
    let recorder = recorder();
    metrics::observe!("declared_wait", value: std::time::Duration::from_millis(3));
    let one = recorder.one("declared_wait");
    assert_eq!(one.unit, "ms");
    assert!((one.value - 3.0).abs() < 1e-9);
    assert!((one.bounds[1] - 10.0).abs() < 1e-9 && one.bounds.len() == 2);
    assert!(reports::about("declared_wait").is_empty());
    let other = Histogram::new("declared_wait", "")
        .with_buckets(vec![5.0])
        .register();
    other.observe(6.0);
    assert_eq!(
        recorder.series("declared_wait").len(),
        2,
        "both keep their buckets"
    );
    let said = reports::about("declared_wait");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("has buckets [5.0], but"), "{said:#?}");
    assert!(
        check()
            .iter()
            .any(|mismatch| matches!(mismatch, Mismatch::Buckets { .. }))
    );
}

#[test]
fn increment_changes_what_is_declared_as_a_gauge() {
    let recorder = recorder();
    metrics::increment!("declared_sessions", value: 3);
    assert_eq!(recorder.one("declared_sessions").kind, "gauge");
    metrics::increment!("declared_queue");
    metrics::decrement!("DECLARED_QUEUE", value: 4);
    let one = recorder.one("declared_Queue");
    assert_eq!(one.kind, "up-down counter");
    assert!((one.value + 3.0).abs() < 1e-9);
}

#[test]
fn another_kind_than_declared_is_reported_with_both_places() {
    reports::listen();
    Counter::new("declared_level", "").register().increment();
    let said = reports::about("declared_level");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!(said[0].matches("declared.rs:").count(), 2, "{said:#?}");
    assert!(said[0].contains("is a Counter, but"), "{said:#?}");
    let strict = Counter::new("declared_level", "").try_register();
    assert!(strict.is_err());
    assert!(Gauge::new("declared_level", "").try_register().is_ok());
}

declare!("declared_labels_total", Counter, None, "", ["source"], None);

#[test]
fn other_labels_than_declared_are_reported_once_and_recorded() {
    let recorder = recorder();
    for _ in 0..2 {
        metrics::increment!("declared_labels_total", labels: {"sorce" => "web"});
    }
    assert_eq!(recorder.one("declared_labels_total").labels, ["sorce=web"]);
    let said = reports::about("declared_labels_total");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!(said[0].matches("declared.rs:").count(), 2, "{said:#?}");
    assert!(said[0].contains("did you mean `source`?"), "{said:#?}");
    let mismatches = check();
    let mismatch = mismatches
        .iter()
        .find(|one| one.to_string().contains("declared_labels_total"));
    let shown = mismatch.unwrap().to_string();
    assert!(
        shown.contains("has label `sorce`, did you mean `source`?"),
        "{shown}"
    );
}

declare!(
    "declared_reentrant_total",
    Counter,
    None,
    "",
    ["source"],
    None
);

/// Is called for each report about its own labels.
pub(crate) fn count_reentrant() {
    metrics::increment!("declared_reentrant_total", labels: {"other" => "x"});
}

#[test]
fn a_subscriber_may_record_at_the_site_that_reports() {
    reports::listen();
    let recorder = recorder();
    count_reentrant();
    assert_eq!(reports::about("declared_reentrant").len(), 1);
    assert!((recorder.one("declared_reentrant_total").value - 2.0).abs() < 1e-9);
}

declare!(
    "declared_listed_seconds",
    Histogram,
    None,
    "Listed | well",
    ["a"],
    Some(&[0.5, 1.0])
);

fn never_called() {
    metrics::observe!("declared_listed_seconds", value: 1.0, labels: {"a" => 1});
    metrics::increment!("declared_linked_total", labels: {"of" => "site"});
    metrics::decrement!("declared_linked_gauge");
    metrics::increment!("declared_linked_gauge");
    drop(metrics::timer!("declared_linked_timer"));
    metrics::set!("declared_contradiction", value: 1);
    metrics::observe!("declared_contradiction", value: 1);
}

#[test]
fn the_catalogue_knows_what_is_linked() {
    let _ = never_called as fn();
    let all = catalogue();
    let entry = all.entry("declared_listed_seconds").unwrap();
    assert_eq!((entry.kind, &*entry.unit), (InstrumentKind::Histogram, "s"));
    assert_eq!(entry.labels, ["a"]);
    assert_eq!(entry.buckets, Some(vec![0.5, 1.0]));
    let origins: Vec<Origin> = entry.places.iter().map(|place| place.origin).collect();
    assert_eq!(origins, [Origin::Declaration, Origin::CallSite]);
    assert!(entry.places[0].at.line() < entry.places[1].at.line());
    let entry = all.entry("declared_linked_total").unwrap();
    assert_eq!(
        (entry.kind, entry.labels.len()),
        (InstrumentKind::Counter, 1)
    );
    let entry = all.entry("declared_linked_gauge").unwrap();
    assert_eq!((entry.kind, entry.places.len()), (InstrumentKind::Gauge, 2));
    assert_eq!(all.entry("declared_linked_timer").unwrap().unit, "s");
    let names: Vec<&str> = all.entries().iter().map(|entry| &*entry.name).collect();
    assert!(names.is_sorted_by_key(|name| name.to_ascii_lowercase()));
}

#[test]
fn the_catalogue_knows_what_was_registered() {
    let make = |unit: &'static str| {
        Counter::new("declared_late_total", "Late")
            .with_label("service", "api")
            .with_unit(unit)
            .register()
    };
    let (_one, _other) = (make("{thing}"), make("By"));
    let all = catalogue();
    let entry = all.entry("declared_LATE_total").unwrap();
    assert_eq!((&*entry.unit, &*entry.description), ("{thing}", "Late"));
    assert_eq!((entry.places.len(), entry.places[0].linked), (1, false));
    assert!(!entry.is_linked());
    assert!(
        runar_otel_core::catalogue::Catalogue::linked()
            .entry("declared_late_total")
            .is_none()
    );
}

#[test]
fn contradictions_are_found_without_running() {
    let found = check();
    let of = |name: &str| -> Vec<String> {
        let texts = found.iter().map(ToString::to_string);
        texts.filter(|text| text.contains(name)).collect()
    };
    let said = of("declared_contradiction");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("is a histogram, but"), "{said:#?}");
    assert!(
        said[0].contains("says gauge: expected one kind per name"),
        "{said:#?}"
    );
    assert!(of("declared_linked_gauge").is_empty() && of("declared_listed").is_empty());
}

#[test]
fn a_written_catalogue_does_not_depend_on_lines_or_order() {
    let linked = runar_otel_core::catalogue::Catalogue::linked();
    let markdown = linked.markdown();
    let row = markdown
        .lines()
        .find(|line| line.contains("declared_listed_seconds"))
        .unwrap();
    assert_eq!(
        row,
        "| `declared_listed_seconds` | histogram | `s` | `a` | Listed \\| well | 0.5, 1 | crates/runar-otel-macros/tests/record/declared.rs |"
    );
    let read: serde_json::Value = serde_json::from_str(&linked.json()).unwrap();
    let entry = read["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == "declared_listed_seconds");
    let entry = entry.unwrap();
    assert_eq!(entry["buckets"], serde_json::json!([0.5, 1]));
    assert_eq!(entry["labels"], serde_json::json!(["a"]));
    assert_eq!(entry["description"], "Listed | well");
    assert_eq!(
        linked.entries().len(),
        read["metrics"].as_array().unwrap().len()
    );
}
