//! Threads that begin together, and whether they had cores to run on.

use std::{
    error::Error,
    fs,
    hint::spin_loop,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    thread::{scope, yield_now},
    time::{Duration, Instant},
};

/// How long threads took together.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// From the first start to the last end: threads that ran one after the other, because the machine had something
    /// else to do, look slow and not fast.
    pub time: Duration,
    /// True if none of them had to wait for a core. On a busy machine two threads take turns mostly, and then they do
    /// not hinder each other. Sleeping for a lock is no excuse.
    pub undisturbed: bool,
}

/// How long one thread took.
struct Part {
    time: Range<Instant>,
    waited: Duration,
}

/// Spins before a thread lets another one have its core.
const SPINS: u32 = 1 << 14;

/// Runs the same on some threads that begin together, each prepared before; this thread is one of them. The work is told
/// the number of its thread.
///
/// # Errors
/// When a preparation fails, or a thread panics.
pub fn together<G, R: Send>(
    threads: usize,
    prepare: impl Fn() -> Result<G, Box<dyn Error>> + Sync,
    work: impl Fn(usize) -> R + Sync,
) -> Result<(Took, Vec<R>), Box<dyn Error>> {
    let missing = AtomicUsize::new(threads);
    let one = |thread| {
        let prepared = prepare();
        // Acquire and Release: what a thread did before is done when the others begin.
        missing.fetch_sub(1, Ordering::AcqRel);
        let _prepared = prepared.map_err(|error| error.to_string())?;
        wait(&missing);
        let waited = waited_for_a_core();
        let start = Instant::now();
        let result = work(thread);
        let time = start..Instant::now();
        let waited = waited_for_a_core().saturating_sub(waited);
        Ok::<_, String>((Part { time, waited }, result))
    };
    let (parts, results) = scope(|scope| {
        let one = &one;
        // This thread keeps its core busy, so that the others get cores of their own.
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || one(thread)))
            .collect();
        let mut done = vec![one(0)?];
        for other in others {
            done.push(other.join().map_err(|_| "a thread panicked")??);
        }
        Ok::<(Vec<Part>, Vec<R>), String>(done.into_iter().unzip())
    })?;
    Ok((took(&parts), results))
}

fn wait(missing: &AtomicUsize) {
    let mut spins = 0;
    while missing.load(Ordering::Acquire) > 0 {
        spins += 1;
        if spins > SPINS {
            yield_now();
        } else {
            spin_loop();
        }
    }
}

/// Threads count as undisturbed if they began together and waited for a core, together and each, for less than a
/// twentieth of the time.
fn took(parts: &[Part]) -> Took {
    let start = parts.iter().map(|part| part.time.start).min();
    let late = parts.iter().map(|part| part.time.start).max();
    let end = parts.iter().map(|part| part.time.end).max();
    let (Some(start), Some(late), Some(end)) = (start, late, end) else {
        return Took {
            time: Duration::ZERO,
            undisturbed: false,
        };
    };
    let time = end - start;
    Took {
        time,
        undisturbed: 20 * (late - start) < time && parts.iter().all(|part| 20 * part.waited < time),
    }
}

/// How long this thread was ready to run and had no core; zero where the system does not tell.
#[must_use]
pub fn waited_for_a_core() -> Duration {
    waited_in("/proc/thread-self/schedstat")
}

/// Names the file that tells it of this thread, for another one to read.
#[must_use]
pub fn own_schedstat() -> Option<String> {
    let own = fs::read_link("/proc/thread-self").ok()?;
    Some(format!("/proc/{}/schedstat", own.display()))
}

/// The same of the thread whose file this is.
#[must_use]
pub fn waited_in(schedstat: &str) -> Duration {
    let text = fs::read_to_string(schedstat).unwrap_or_default();
    let waited = text
        .split(' ')
        .nth(1)
        .and_then(|waited| waited.parse().ok());
    Duration::from_nanos(waited.unwrap_or_default())
}
