//! The spill when its process is killed.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use runar_otel_pipeline::{
    settings::Signal,
    spill::{Request, Spill, SpillOptions, Verdict},
};

/// Tells a child in which directory it writes.
const DIRECTORY: &str = "SPILL_TEST_DIRECTORY";

fn spill(directory: &Path) -> Spill {
    let mut options = SpillOptions::new(directory);
    options.max_bytes = 1024 * 1024;
    Spill::new(options, Signal::Traces)
}

/// A request that shows if it is whole.
fn request(number: usize) -> Request {
    Request {
        count: number,
        body: number.to_be_bytes().repeat(1 + number * 37 % 2000),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Writes, and takes some out, until it is killed.
#[test]
fn child() {
    let Some(directory) = env::var_os(DIRECTORY) else {
        return;
    };
    let spill = spill(Path::new(&directory));
    runtime().block_on(async {
        for number in (0..).step_by(3) {
            let requests = (number..number + 3).map(request).collect();
            let deadline = Instant::now() + Duration::from_secs(20);
            spill.keep(requests, deadline).await;
            if number % 2 == 0 {
                for _ in 0..2 {
                    let Some((ticket, _)) = spill.first().await else {
                        break;
                    };
                    let delivered = spill.settle(ticket, Verdict::<()>::Delivered);
                    delivered.await.unwrap();
                }
            }
        }
    });
}

fn start(directory: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_file_whose_process_is_killed_holds_whole_requests_in_order() {
    let mut most = 0;
    for turn in 0..25_u64 {
        let directory = tempfile::tempdir().unwrap();
        let mut child = start(directory.path());
        thread::sleep(Duration::from_millis(40 + turn * 23));
        child.kill().unwrap();
        child.wait().unwrap();
        let spill = spill(directory.path());
        let mut seen: Vec<usize> = Vec::new();
        runtime().block_on(async {
            while let Some((ticket, sent)) = spill.first().await {
                assert_eq!(sent, request(sent.count));
                seen.push(sent.count);
                let delivered = spill.settle(ticket, Verdict::<()>::Delivered);
                delivered.await.unwrap();
            }
        });
        assert!(
            seen.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{seen:?}"
        );
        let damaged = directory.path().join("traces.otlp-queue.damaged");
        assert!(!damaged.exists());
        most = most.max(seen.len());
    }
    assert!(most > 10, "the children wrote {most} requests at the most");
}

#[test]
fn two_processes_at_once_leave_whole_requests() {
    let directory = tempfile::tempdir().unwrap();
    let mut children = [start(directory.path()), start(directory.path())];
    let second = directory.path().join("traces-2.otlp-queue");
    let begun = Instant::now();
    while !second.exists() && begun.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(300));
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(second.exists());
    let spill = spill(directory.path());
    let mut seen = Vec::new();
    runtime().block_on(async {
        while let Some((ticket, sent)) = spill.first().await {
            assert_eq!(sent, request(sent.count));
            seen.push(sent.count);
            let delivered = spill.settle(ticket, Verdict::<()>::Delivered);
            delivered.await.unwrap();
        }
    });
    // One run of numbers, or that of one process and then that of the other.
    let breaks = seen.windows(2).filter(|pair| pair[1] != pair[0] + 1);
    assert!(breaks.count() <= 1, "{seen:?}");
    assert!(!second.exists());
}
