//! One peer at one work.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use crate::{
    Result,
    peers::Peer,
    regime::{DROPPED, Regime},
    row::Row,
    setting::Setting,
    work::{Work, value},
};

/// One peer at one work.
pub(crate) struct Case {
    pub(crate) peer: Peer,
    /// Makes the records of these numbers.
    records: Box<dyn Fn(Range<usize>) + Sync>,
    /// What the peer says was recorded: how many, or the last value of a gauge.
    recorded: Box<dyn Fn() -> f64>,
    /// What the peer does now and then in the background.
    upkeep: Box<dyn Fn()>,
    /// The number of the next record.
    done: usize,
    /// The records so far, of all threads.
    expected: usize,
}

impl Case {
    pub(crate) fn new(
        peer: Peer,
        record: impl Fn(usize) + Sync + 'static,
        recorded: impl Fn() -> f64 + 'static,
    ) -> Self {
        Self {
            peer,
            records: Box::new(move |numbers| numbers.for_each(&record)),
            recorded: Box::new(recorded),
            upkeep: Box::new(|| ()),
            done: 0,
            expected: 0,
        }
    }

    pub(crate) fn with_upkeep(mut self, upkeep: impl Fn() + 'static) -> Self {
        self.upkeep = Box::new(upkeep);
        self
    }

    /// Makes this many records on each thread; the time from when all threads are there until the last one is done.
    pub(crate) fn run(&mut self, records: usize, row: &Row) -> Result<Duration> {
        let numbers = self.done..self.done + records;
        let missing = &AtomicUsize::new(row.threads);
        let run = &*self.records;
        let time = || timed(run, numbers.clone(), row.setting, missing);
        let times = std::thread::scope(|scope| {
            // This thread is one of them: it keeps its core busy, so that the others get cores of their own.
            let start = |_| scope.spawn(|| time().map_err(|error| error.to_string()));
            let others: Vec<_> = (1..row.threads).map(start).collect();
            let mut times = vec![time()?];
            for other in others {
                times.push(other.join().map_err(|_| "a thread panicked")??);
            }
            Ok::<_, Box<dyn std::error::Error>>(times)
        })?;
        self.count(records, row.threads);
        Ok(wall(&times))
    }

    /// What makes the records, for those who time them in another way and say afterwards how many it were.
    pub(crate) fn records(&self) -> &(dyn Fn(Range<usize>) + Sync) {
        &*self.records
    }

    /// So many records were made on each thread.
    pub(crate) fn count(&mut self, records: usize, threads: usize) {
        self.done += records;
        self.expected += records * threads;
    }

    /// What the peer does now and then in the background, in nobody's time.
    pub(crate) fn upkeep(&self) {
        (self.upkeep)();
    }

    /// Nobody is measured who does nothing, and nobody is switched off who records.
    pub(crate) fn check(&self, row: &Row) -> Result<()> {
        let off = row.metric.starts_with(DROPPED) || row.regime == Regime::SdkDisabled;
        let expected = match row.work {
            _ if off => 0.0,
            Work::Gauge => self.done.checked_sub(1).map_or(0.0, value),
            _ => count(self.expected),
        };
        let recorded = (self.recorded)();
        if (expected - recorded).abs() < 1e-9 {
            return Ok(());
        }
        let (peer, work) = (self.peer.title(), row.title);
        Err(format!("{work}: {peer} has {recorded}, expected {expected}").into())
    }
}

/// Makes the records once all threads are there; when it began and when it ended.
fn timed(
    records: &(dyn Fn(Range<usize>) + Sync),
    numbers: Range<usize>,
    setting: Setting,
    missing: &AtomicUsize,
) -> Result<Range<Instant>> {
    let inside = setting.enter();
    // Acquire and Release: what a thread did before is done when the others begin.
    missing.fetch_sub(1, Ordering::AcqRel);
    let _inside = inside?;
    while missing.load(Ordering::Acquire) > 0 {
        std::hint::spin_loop();
    }
    let start = Instant::now();
    records(numbers);
    Ok(start..Instant::now())
}

/// From the first start to the last end: threads that ran one after the other, because the machine had something
/// else to do, look slow and not fast.
fn wall(times: &[Range<Instant>]) -> Duration {
    let start = times.iter().map(|time| time.start).min();
    let end = times.iter().map(|time| time.end).max();
    match (start, end) {
        (Some(start), Some(end)) => end - start,
        _ => Duration::ZERO,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn count(of: usize) -> f64 {
    of as f64
}
