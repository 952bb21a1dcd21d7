//! Calls at the end of a thread, when there can be no spans any more.

use std::{cell::RefCell, future::Future, process::Command, thread};

use runar_otel_macros::metered;

use crate::{
    recorded::{Calls, calls},
    spans::ready,
};

#[metered(name = "ends_called")]
fn called() {}

#[metered(name = "ends_awaited", fields(at = 1))]
async fn awaited() {}

#[metered(name = "ends_returned", fields(at = 1))]
fn returned() -> impl Future<Output = ()> {
    async move {}
}

#[metered(name = "ends_kept", keep_span, fields(at = 1))]
fn kept() -> impl Future<Output = ()> {
    async move {}
}

fn call_all() {
    called();
    ready(awaited());
    ready(returned());
    ready(kept());
}

#[test]
fn a_call_is_counted_at_the_end_of_a_thread() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ends::calls_at_the_end_of_a_thread"])
        .args(["--ignored", "--test-threads=1"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
}

/// In a process of its own: a panic there aborts it.
#[test]
#[ignore = "run by the test above"]
fn calls_at_the_end_of_a_thread() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            call_all();
        }
    }
    thread_local!(static LATE: RefCell<Option<Late>> = const { RefCell::new(None) });
    tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    for before in [call_all, || ()] {
        let ending = thread::spawn(move || {
            LATE.with(|late| *late.borrow_mut() = Some(Late));
            before();
        });
        ending.join().unwrap();
    }
    for name in ["ends_called", "ends_awaited", "ends_returned", "ends_kept"] {
        assert_eq!(calls(name), Calls::ended([("ok", 3)]));
    }
}
