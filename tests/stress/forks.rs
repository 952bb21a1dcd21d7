//! Forks: children that record what is known and what is new, and end.

use std::{
    process::{self, Command},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use fork::{Fork, waitpid_nohang};
use runar_otel::{Counter, prelude::*};

/// How long a child may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Without a span: those of `tracing` wait for locks of its own.
#[metered(skip_span, labels = ["at"])]
fn in_a_child(at: &str) -> usize {
    at.len()
}

/// How many children there were.
pub(crate) static FORKS: AtomicU64 = AtomicU64::new(0);

/// Forks while threads register metrics and no provider has been made yet; what went wrong.
pub(crate) fn before_providers() -> Result<(), String> {
    let over = AtomicBool::new(false);
    let register = || {
        while !over.load(Ordering::Relaxed) {
            Counter::new("stress_early_total", "Early")
                .register()
                .increment();
        }
    };
    thread::scope(|scope| {
        scope.spawn(register);
        scope.spawn(register);
        let forked = (0..100).try_for_each(|_| fork_once());
        over.store(true, Ordering::Relaxed);
        forked
    })
}

/// Forks, and waits for the child; what went wrong.
pub(crate) fn fork_once() -> Result<(), String> {
    FORKS.fetch_add(1, Ordering::Relaxed);
    match fork::fork() {
        Ok(Fork::Child) => {
            for number in 0..50_u32 {
                metrics::increment!("stress_dropped_total");
                metrics::observe!("stress_sizes", value: 1.0, labels: {"zone" => "a"});
                let counter = Counter::new("stress_churned_total", "Churned").register();
                counter.increment_with(&[("new in the child", &number.to_string())]);
                counter.retire();
                in_a_child(&number.to_string());
            }
            // `exit` waits for locks of the standard library that threads of the parent may have held.
            process::abort();
        }
        Ok(Fork::Parent(child)) => wait(child),
        Err(error) => Err(format!("no fork: {error}")),
    }
}

fn wait(child: i32) -> Result<(), String> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match waitpid_nohang(child) {
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            // As `wait` tells it: aborted, perhaps with a dump.
            Ok(Some(0x06 | 0x86)) => return Ok(()),
            Ok(Some(status)) => return Err(format!("a child ended with {status:#x}")),
            Err(error) => return Err(format!("a child was lost: {error}")),
        }
    }
    let _ = Command::new("kill")
        .args(["-9", &child.to_string()])
        .status();
    Err("a child hung".to_owned())
}
