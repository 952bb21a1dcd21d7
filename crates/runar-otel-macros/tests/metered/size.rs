//! What the attribute adds to the size of a future.

use std::future::Future;

use runar_otel_macros::metered;

/// The call itself: where it belongs, its labels, its beginning, its span or the context of an unsampled trace.
const CALL: usize = 192;

async fn plain(bytes: [u8; 1000]) -> u8 {
    tokio::task::yield_now().await;
    bytes[0]
}

#[metered]
async fn metered(bytes: [u8; 1000]) -> u8 {
    tokio::task::yield_now().await;
    bytes[0]
}

async fn plain_inside() -> u8 {
    let bytes = [0_u8; 1000];
    tokio::task::yield_now().await;
    bytes[0]
}

#[metered]
async fn metered_inside() -> u8 {
    let bytes = [0_u8; 1000];
    tokio::task::yield_now().await;
    bytes[0]
}

fn size<F: Future>(_: &F) -> usize {
    size_of::<F>()
}

#[test]
fn a_call_adds_little_to_what_a_function_keeps() {
    let (plain, metered) = (size(&plain_inside()), size(&metered_inside()));
    assert!(
        metered <= plain + CALL,
        "{metered} is more than {plain} + {CALL}"
    );
}

/// The compiler moves each argument into the inner future and keeps the room of both, as it does with an `async`
/// block in any async function.
#[test]
fn arguments_take_their_room_twice() {
    let (plain, metered) = (size(&plain([0; 1000])), size(&metered([0; 1000])));
    assert!(
        metered <= plain + 1000 + CALL,
        "{metered} is more than {plain} + 1000 + {CALL}"
    );
}
