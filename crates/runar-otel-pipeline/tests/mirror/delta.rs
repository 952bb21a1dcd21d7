//! A reader in delta temporality.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry::KeyValue;

use super::*;

fn number(points: &Points, name: &str) -> Option<f64> {
    let found = points.iter().find(|((known, _), _)| known == name);
    found.map(|(_, value)| value.number())
}

#[test]
fn a_reader_of_deltas_gets_what_is_new() {
    let rig = Rig::with(Shared::new(Temporality::Delta), Vec::new());
    let meter = rig.meter();
    let total = Arc::new(AtomicU64::new(100));
    let observed = total.clone();
    let _ = meter
        .u64_observable_counter("observed")
        .with_callback(move |observer| observer.observe(observed.load(Ordering::Relaxed), &[]))
        .build();
    let count = meter.u64_counter("count").build();
    let level = meter.i64_up_down_counter("level").build();
    let labels = [KeyValue::new("a", "b")];

    count.add(3, &labels);
    level.add(7, &labels);
    let first = rig.attached();
    assert_eq!(number(&first, "count"), Some(3.0));
    assert_eq!(number(&first, "observed"), Some(100.0));

    count.add(2, &labels);
    level.add(-1, &labels);
    total.store(104, Ordering::Relaxed);
    let second = rig.attached();
    assert_eq!(number(&second, "count"), Some(2.0));
    assert_eq!(number(&second, "observed"), Some(4.0));
    assert_eq!(number(&second, "level"), Some(6.0));

    assert_eq!(number(&rig.attached(), "count"), None);
    // Our own consumer has totals.
    assert_eq!(number(&rig.own(), "count"), Some(5.0));
}
