//! Providers, and the meters that they give.

use std::{sync::Arc, thread};

use opentelemetry::{InstrumentationScope, KeyValue, metrics::MeterProvider};
use runar_otel_core::gate::{GateOptions, View};

use crate::{chain::Reports, reader::Bench};

fn plain() -> Bench {
    Bench::new(GateOptions::default())
}

fn scope(name: &'static str) -> InstrumentationScope {
    InstrumentationScope::builder(name)
        .with_version("1.2")
        .with_schema_url("https://opentelemetry.io/schemas/1.30.0")
        .with_attributes([KeyValue::new("team", "blue")])
        .build()
}

#[test]
fn any_number_of_providers_keep_their_own_metrics() {
    let mut renaming = GateOptions::default();
    renaming.views = vec![View::select("n").rename("renamed")];
    let benches = [plain(), Bench::new(renaming), plain()];
    for (value, bench) in (1..).zip(&benches) {
        bench
            .gate
            .meter("lib")
            .u64_counter("n")
            .build()
            .add(value, &[]);
    }
    let collected = benches.map(|bench| {
        let all = bench.collect();
        assert_eq!(all.len(), 1);
        (all[0].metric.clone(), all[0].value.round())
    });
    let expected = [("n", 1.0), ("renamed", 2.0), ("n", 3.0)];
    assert_eq!(
        collected,
        expected.map(|(name, value)| (name.to_owned(), value))
    );
}

#[test]
fn a_meter_without_a_name_works_and_stays_without() {
    let (reports, _listening) = Reports::listen();
    let bench = plain();
    let counter = bench.gate.meter("").u64_counter("nameless").build();
    counter.add(2, &[]);
    assert!((bench.one("nameless").value - 2.0).abs() < f64::EPSILON);
    assert_eq!(bench.streams("nameless")[0].plan().scope.name(), "");
    let _again = bench.gate.meter("");
    let told = reports.0.lock().unwrap();
    let of_meters = told
        .iter()
        .filter(|one| one.contains("a meter has no name"));
    assert_eq!(of_meters.count(), 1, "{told:?}");
}

#[test]
fn a_meter_keeps_name_version_schema_and_attributes() {
    let bench = plain();
    let meter = bench.gate.meter_with_scope(scope("lib"));
    meter.u64_counter("scoped").build().add(1, &[]);
    let stream = &bench.streams("scoped")[0];
    let kept = &stream.plan().scope;
    assert_eq!(
        (kept.name(), kept.version(), kept.schema_url()),
        (
            "lib",
            Some("1.2"),
            Some("https://opentelemetry.io/schemas/1.30.0")
        )
    );
    let attributes: Vec<&KeyValue> = kept.attributes().collect();
    assert_eq!(attributes, [&KeyValue::new("team", "blue")]);
}

#[test]
fn views_tell_versions_and_schemas_of_meters_apart() {
    let mut options = GateOptions::default();
    options.views = vec![
        View::select("v")
            .of_meter_version("1.2")
            .rename("by_version"),
        View::select("s")
            .of_meter_schema("https://opentelemetry.io/schemas/1.30.0")
            .rename("by_schema"),
    ];
    let bench = Bench::new(options);
    for meter in [
        bench.gate.meter_with_scope(scope("lib")),
        bench.gate.meter("lib"),
    ] {
        meter.u64_counter("v").build().add(1, &[]);
        meter.u64_counter("s").build().add(1, &[]);
    }
    let mut names: Vec<String> = bench.collect().into_iter().map(|one| one.metric).collect();
    names.sort();
    assert_eq!(names, ["by_schema", "by_version", "s", "v"]);
}

#[test]
fn threads_that_make_one_instrument_share_its_stream() {
    let bench = Arc::new(plain());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let gate = bench.gate.clone();
            thread::spawn(move || {
                for _ in 0..100 {
                    gate.meter("lib").u64_counter("at.once").build().add(1, &[]);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|one| one.join().unwrap());
    assert!((bench.one("at.once").value - 400.0).abs() < f64::EPSILON);
}
