//! The ring on one thread. With several it is model-checked, see `tests/model.rs`.

use std::sync::Arc;

use super::{
    Target, Ticket,
    rings::{Ring, returned_now},
};

/// Adds a measurement if there is room.
fn push(ring: &Ring, series: u32, value: u64) -> bool {
    ring.push(series, value) || ring.push_first(series, value)
}

fn drained(ring: &Ring) -> Vec<(u32, u64)> {
    let mut all = Vec::new();
    ring.drain(|series, values| {
        all.extend(series.iter().copied().zip(values.iter().copied()));
    });
    all
}

#[test]
fn what_is_pushed_is_drained_in_order() {
    let ring = Ring::new();
    let expected: Vec<_> = (0..300)
        .map(|value| (value / 99, u64::from(value)))
        .collect();
    for (series, value) in &expected {
        assert!(push(&ring, *series, *value));
    }
    assert_eq!(ring.waiting(), 300);
    assert_eq!(drained(&ring), expected);
    assert!(drained(&ring).is_empty());
}

#[test]
fn a_full_ring_takes_nothing_and_loses_nothing_wherever_its_tail_is() {
    let step = if cfg!(miri) { 43 } else { 1 };
    for start in (0..130).step_by(step) {
        let ring = Ring::new();
        for _ in 0..start {
            assert!(push(&ring, 0, 0));
        }
        ring.drain(|_, _| {});
        let mut pushed = 0;
        while push(&ring, 1, pushed) {
            pushed += 1;
        }
        assert!(pushed >= 1024 - 2 * 64, "{start}");
        let expected: Vec<_> = (0..pushed).map(|value| (1, value)).collect();
        assert_eq!(drained(&ring), expected);
    }
}

#[test]
fn a_panic_while_draining_takes_nothing_of_later_batches_with_it() {
    let ring = Ring::new();
    for value in 0..70 {
        assert!(push(&ring, 0, value));
    }
    let panicking = std::panic::AssertUnwindSafe(|| {
        ring.drain(|_, _| panic!("bad measurement"));
    });
    assert!(std::panic::catch_unwind(panicking).is_err());
    assert_eq!(
        drained(&ring),
        [64, 65, 66, 67, 68, 69].map(|value| (0, value))
    );
}

#[test]
fn numbers_come_back_though_nobody_collects() {
    struct Nothing;
    impl Target for Nothing {
        fn record(&self, _: &[u64]) {}
    }
    let target: Arc<dyn Target> = Arc::new(Nothing);
    for _ in 0..5_000 {
        drop(Ticket::new(target.clone()));
    }
    assert!(returned_now() <= 1_100);
    // The table itself keeps those that have not come back.
    assert!(Arc::strong_count(&target) <= 1_200);
}
