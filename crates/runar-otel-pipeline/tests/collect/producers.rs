//! Sources of metrics outside of the gate.

use std::{borrow::Cow, time::SystemTime};

use opentelemetry::InstrumentationScope;
use runar_otel_pipeline::snapshot::{Naming, ScopeMetrics};

use super::*;

struct External;

impl Producer for External {
    fn produce(&self, _now: SystemTime) -> Vec<ScopeMetrics> {
        vec![ScopeMetrics {
            naming: Naming::default(),
            scope: InstrumentationScope::builder("external").build(),
            metrics: Vec::new(),
        }]
    }
}

struct Broken;

impl Producer for Broken {
    fn name(&self) -> Cow<'_, str> {
        "the broken source".into()
    }

    fn produce(&self, _now: SystemTime) -> Vec<ScopeMetrics> {
        panic!("as intended")
    }
}

#[test]
fn producers_join_every_snapshot_and_cannot_break_it() {
    reports::listen();
    let setup = setup_with(|_| {}, vec![Arc::new(Broken), Arc::new(External)]);
    setup.meter.u64_counter("counter").build().add(1, &[]);
    for snapshot in [setup.totals(), setup.deltas()] {
        let scopes: Vec<&str> = snapshot.scopes.iter().map(|one| one.scope.name()).collect();
        assert_eq!(scopes, ["tests", "external"]);
    }
    let told = reports::said();
    let told = told.iter().filter(|line| line.contains("broken source"));
    let expected = "the broken source panicked: its metrics are missing wherever metrics go";
    assert_eq!(told.collect::<Vec<_>>(), [expected]);
    let recorded = setup.collector.recorded(setup.totals);
    let scopes: Vec<&str> = recorded.scopes.iter().map(|one| one.scope.name()).collect();
    assert_eq!(scopes, ["tests"]);
}
