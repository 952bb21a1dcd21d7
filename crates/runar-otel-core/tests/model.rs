//! The ring of a thread under every interleaving and every memory order that the model allows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use loom::{
    sync::{Arc, Mutex},
    thread,
};

/// The ring as it is, made of the checker's atomics.
#[path = "../src/gate/batch/ring.rs"]
mod ring;

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
}

type Ring = ring::Ring<4, 2>;

/// Drains; one reader at a time.
fn drain(ring: &Ring, seen: &Mutex<Vec<(u32, u64)>>) {
    let mut seen = seen.lock().unwrap();
    ring.drain(|series, values| {
        seen.extend(series.iter().copied().zip(values.iter().copied()));
    });
}

/// What was measured: of two series, each value its number.
fn measured(at: u64) -> (u32, u64) {
    (u32::try_from(at % 2).unwrap(), at)
}

#[test]
fn a_collection_takes_what_is_written_in_order_and_once() {
    loom::model(|| {
        let (ring, seen) = (Arc::new(Ring::new()), Arc::new(Mutex::new(Vec::new())));
        let collector = {
            let (ring, seen) = (ring.clone(), seen.clone());
            thread::spawn(move || {
                drain(&ring, &seen);
                drain(&ring, &seen);
            })
        };
        let mut refused = 0;
        for at in 0..5 {
            let (series, value) = measured(at);
            if !(ring.push(series, value) || ring.push_first(series, value)) {
                // No room: all that is there is recorded first.
                refused += 1;
                drain(&ring, &seen);
                assert!(ring.push_first(series, value));
            }
        }
        assert!(refused <= 1);
        collector.join().unwrap();
        drain(&ring, &seen);
        let expected: Vec<_> = (0..5).map(measured).collect();
        assert_eq!(*seen.lock().unwrap(), expected);
    });
}

#[test]
fn two_who_drain_share_what_there_is() {
    loom::model(|| {
        let (ring, seen) = (Arc::new(Ring::new()), Arc::new(Mutex::new(Vec::new())));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (ring, seen) = (ring.clone(), seen.clone());
                thread::spawn(move || drain(&ring, &seen))
            })
            .collect();
        for at in 0..3 {
            let (series, value) = measured(at);
            assert!(ring.push(series, value) || ring.push_first(series, value));
        }
        readers
            .into_iter()
            .for_each(|reader| reader.join().unwrap());
        drain(&ring, &seen);
        let expected: Vec<_> = (0..3).map(measured).collect();
        assert_eq!(*seen.lock().unwrap(), expected);
    });
}

#[test]
fn a_ring_without_room_says_so_and_keeps_what_it_has() {
    loom::model(|| {
        let (ring, seen) = (Ring::new(), Mutex::new(Vec::new()));
        let taken = (0..).take_while(|at| {
            let (series, value) = measured(*at);
            ring.push(series, value) || ring.push_first(series, value)
        });
        assert_eq!(taken.count(), 4);
        assert_eq!(ring.waiting(), 4);
        drain(&ring, &seen);
        let expected: Vec<_> = (0..4).map(measured).collect();
        assert_eq!(*seen.lock().unwrap(), expected);
    });
}
