//! Reports that nobody can read, or that are in the way.

use std::{
    io::Write,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use runar_otel_core::{Counter, report};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
};

/// More than enough for anything that is to happen at all.
const LONG: Duration = Duration::from_secs(20);

/// Runs one of the tests below in a process of its own: its standard error is a pipe.
fn begin(test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("reports::{test}"),
            "--ignored",
            "--test-threads=1",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn succeeds(mut child: Child) {
    let until = Instant::now() + LONG;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return assert!(status.success());
        }
        thread::yield_now();
    }
    child.kill().unwrap();
    panic!("the process hangs");
}

/// Refused by counters, and reported.
fn refuse() {
    Counter::<f64>::of("reports_refused_total", "")
        .register()
        .add(-1.0);
}

#[test]
fn a_report_survives_a_standard_error_that_is_gone() {
    let mut child = begin("reports_to_nobody");
    drop(child.stderr.take());
    succeeds(child);
}

#[test]
#[ignore = "run by the test above"]
fn reports_to_nobody() {
    // The pipe is closed for sure.
    while std::io::stderr().write_all(b"?").is_ok() {}
    refuse();
    assert!(report::flush(LONG));
}

#[test]
fn a_report_does_not_wait_for_a_full_standard_error() {
    let child = begin("reports_into_a_full_pipe");
    succeeds(child);
}

#[test]
#[ignore = "run by the test above"]
fn reports_into_a_full_pipe() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    thread::spawn(move || {
        let mut pipe = std::io::stderr();
        while pipe.write_all(&[b'?'; 1024]).is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut before = 0;
    while written.load(Ordering::SeqCst) == 0 || written.load(Ordering::SeqCst) != before {
        before = written.load(Ordering::SeqCst);
        thread::sleep(Duration::from_millis(100));
    }
    refuse();
    assert!(!report::flush(Duration::from_millis(100)));
}

/// A layer that takes as long as the test wants it to.
struct Patient(Mutex<mpsc::Receiver<()>>);

impl<S: tracing::Subscriber> Layer<S> for Patient {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == report::TARGET {
            let _ = self.0.lock().unwrap().recv_timeout(LONG);
        }
    }
}

#[test]
fn a_subscriber_that_hangs_holds_up_no_record() {
    // `tracing` may forget about a thread's only subscriber.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let (go_on, wait) = mpsc::channel();
    let layer = Patient(Mutex::new(wait));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        report::say("one");
        report::say("two");
    });
    assert!(!report::flush(Duration::from_millis(50)));
    drop(go_on);
    assert!(report::flush(LONG));
}
