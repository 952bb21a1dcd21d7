//! What a thread takes because it records: heap, resident memory, stack.

use std::{
    fmt::Write as _,
    fs,
    hint::black_box,
    sync::Barrier,
    thread::{Builder, scope},
};

use allocation_counter::measure;
use runar_otel_benches::target::at_most;

use crate::{Result, application::Application, child, effort::Effort};

/// The bytes that a thread may take.
const BYTES: f64 = 1_024.0;

/// The stack that is enough, in KiB.
const STACK: f64 = 16.0;

/// Stacks to try, in KiB.
const STACKS: [usize; 8] = [16, 20, 24, 32, 48, 64, 128, 256];

pub(crate) fn table(effort: Effort) -> Result<String> {
    let threads = effort.of(256, 4).to_string();
    let heap = child::ask(&["threads", "heap"])?.parse()?;
    let resident = |what| -> Result<f64> {
        let own = child::ask(&["threads", "resident", what, &threads])?;
        Ok(own.parse()?)
    };
    let (recording, idle) = (resident("record")?, resident("idle")?);
    let mut out = String::from(
        "| a thread that records (handles, labels, macro, calls; no span) | | target |\n|---|---:|---|\n",
    );
    let resident = recording - idle;
    let _ = writeln!(
        out,
        "| heap that it keeps, bytes | {heap} | {} |\n| resident memory that it adds, bytes | {resident:.0} | {} |",
        at_most(heap, BYTES, "bytes"),
        at_most(resident, BYTES, "bytes"),
    );
    for what in ["idle", "record"] {
        let stack = smallest_stack(what)?;
        let (title, verdict) = match what {
            "record" => ("stack that is enough, KiB", at_most(stack, STACK, "KiB")),
            _ => ("stack that is enough to do nothing, KiB", String::new()),
        };
        let _ = writeln!(out, "| {title} | {stack} | {verdict} |");
    }
    Ok(out)
}

/// The smallest stack on which a thread survives, in KiB.
#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn smallest_stack(what: &str) -> Result<f64> {
    for stack in STACKS {
        if child::survives(&["threads", "stack", what, &stack.to_string()])? {
            return Ok(stack as f64);
        }
    }
    Err("no stack is enough".into())
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let application = Application::start()?;
    // Each series is known, each call site has found its metric.
    application.record_all();
    match case {
        ["heap"] => child::answer(&heap(&application)?.to_string()),
        ["resident", what, threads] => {
            let record = *what == "record";
            child::answer(&resident(&application, record, threads.parse()?)?.to_string())
        }
        ["stack", what, kib] => {
            let record = *what == "record";
            let own = || {
                if record {
                    application.record_all();
                }
            };
            scope(|scope| {
                let thread = Builder::new().stack_size(kib.parse::<usize>()? << 10);
                let thread = thread.spawn_scoped(scope, own)?;
                thread.join().map_err(|_| "the thread panicked")?;
                Ok(())
            })
        }
        _ => Err("expected heap, resident or stack".into()),
    }
}

/// The heap that a thread keeps once it has recorded.
fn heap(application: &Application) -> Result<i64> {
    scope(|scope| {
        let own = scope.spawn(|| measure(|| application.record_all()).bytes_current);
        own.join().map_err(|_| "a thread panicked".into())
    })
}

/// The resident bytes per thread, with a touched stack.
#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
fn resident(application: &Application, record: bool, threads: usize) -> Result<f64> {
    let (there, over) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    let before = resident_bytes()?;
    let after = scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                touch_stack();
                if record {
                    application.record_all();
                }
                there.wait();
                over.wait();
            });
        }
        there.wait();
        let after = resident_bytes();
        over.wait();
        after
    })?;
    Ok((after - before) / threads as f64)
}

/// What is called later finds the memory of the stack there.
#[inline(never)]
fn touch_stack() {
    black_box(&mut [0_u8; 24 << 10]);
}

#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
fn resident_bytes() -> Result<f64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("no pages")?.parse()?;
    Ok(pages as f64 * 4096.0)
}
