//! Isolated recorders: a call site records into the one that is current.

use std::sync::Arc;

use runar_otel_core::{
    Gauge,
    clock::Clock,
    gate::{Gate, GateOptions, Streams},
    isolated::IsolatedRecorder,
};

use crate::{metrics, recorded::recorder, reports};

fn isolated() -> Arc<IsolatedRecorder> {
    let gate = Gate::new(Streams::new(GateOptions::default()));
    IsolatedRecorder::new(gate, Clock::system())
}

fn count() {
    metrics::increment!("isolation_total");
    metrics::set!("isolation_gauge", value: 4);
    metrics::increment!("isolation_gauge");
}

#[test]
fn a_handle_of_the_process_tells_the_kind_in_isolation() {
    let recorder = recorder();
    let gauge = Gauge::new("isolation_of_the_process", "").register();
    isolated().scope(|| {
        metrics::increment!("isolation_of_the_process");
        gauge.set(3.0);
    });
    let leaked = recorder.series("isolation_of_the_process");
    assert!(leaked.is_empty(), "{leaked:#?}");
    assert!(reports::about("isolation_of_the_process").is_empty());
}

#[test]
fn isolated_records_stay_in_their_recorder() {
    let recorder = recorder();
    isolated().scope(count);
    assert!(recorder.series("isolation_total").is_empty());
    count();
    isolated().scope(count);
    assert!((recorder.one("isolation_total").value - 1.0).abs() < 1e-9);
    assert!((recorder.one("isolation_gauge").value - 5.0).abs() < 1e-9);
}
