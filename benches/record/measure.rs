//! The measurement: many short samples, the peers taking turns.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use crate::{
    Result,
    peers::Peer,
    setting::Setting,
    table::{Cell, Line},
    work::{Row, Work, value},
};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Enough for a median.
    Full,
    /// Enough to see that it works.
    Check,
}

impl Effort {
    fn samples(self) -> usize {
        match self {
            Self::Full => 301,
            Self::Check => 2,
        }
    }

    /// How long one thread records for one sample: with several long beside the time that they need to meet.
    fn sample(self, threads: usize) -> Duration {
        match self {
            Self::Full if threads > 1 => Duration::from_millis(2),
            Self::Full => Duration::from_millis(1),
            Self::Check => Duration::from_micros(1),
        }
    }
}

/// One peer at one work.
pub(crate) struct Case {
    peer: Peer,
    /// Makes the records of these numbers.
    records: Box<dyn Fn(Range<usize>) + Sync>,
    /// What the peer says was recorded: how many, or the last value of a gauge.
    recorded: Box<dyn Fn() -> f64>,
    /// What the peer does now and then in the background.
    upkeep: Box<dyn Fn()>,
    /// The records per sample.
    batch: usize,
    /// The number of the next record.
    done: usize,
    /// The records so far, of all threads.
    expected: usize,
    /// Nanoseconds per record.
    samples: Vec<f64>,
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
            batch: 1,
            done: 0,
            expected: 0,
            samples: Vec::new(),
        }
    }

    pub(crate) fn with_upkeep(mut self, upkeep: impl Fn() + 'static) -> Self {
        self.upkeep = Box::new(upkeep);
        self
    }

    /// Finds out how many records take one thread as long as a sample should.
    fn calibrate(&mut self, row: &Row, effort: Effort) -> Result<()> {
        while self.sample(row.setting, 1)? < effort.sample(row.threads) {
            self.batch *= 2;
        }
        Ok(())
    }

    /// Takes one sample: the time from when all threads are there until the last one is done.
    fn sample(&mut self, setting: Setting, threads: usize) -> Result<Duration> {
        let numbers = self.done..self.done + self.batch;
        let missing = &AtomicUsize::new(threads);
        let records = &*self.records;
        let time = || timed(records, numbers.clone(), setting, missing);
        let times = std::thread::scope(|scope| {
            // This thread is one of them: it keeps its core busy, so that the others get cores of their own.
            let start = |_| scope.spawn(|| time().map_err(|error| error.to_string()));
            let others: Vec<_> = (1..threads).map(start).collect();
            let mut times = vec![time()?];
            for other in others {
                times.push(other.join().map_err(|_| "a thread panicked")??);
            }
            Ok::<_, Box<dyn std::error::Error>>(times)
        })?;
        self.done += self.batch;
        self.expected += self.batch * threads;
        (self.upkeep)();
        Ok(wall(&times))
    }

    fn cell(&mut self) -> Cell {
        self.samples.sort_by(f64::total_cmp);
        let quantile = |quarters: usize| {
            let at = (self.samples.len() - 1) * quarters / 4;
            self.samples.get(at).copied().unwrap_or_default()
        };
        Cell {
            peer: self.peer,
            median: quantile(2),
            quartiles: (quantile(1), quantile(3)),
        }
    }

    /// Nobody is measured who does nothing.
    fn check(&self, row: &Row) -> Result<()> {
        let (expected, recorded) = match row.work {
            Work::Gauge => (value(self.done - 1), (self.recorded)()),
            _ => (count(self.expected), (self.recorded)()),
        };
        if (expected - recorded).abs() < 1e-9 {
            return Ok(());
        }
        let (peer, work) = (self.peer.title(), row.title);
        Err(format!("{work}: {peer} has {recorded}, expected {expected}").into())
    }
}

/// One row with those who take part.
pub(crate) struct Contest {
    pub(crate) row: &'static Row,
    pub(crate) cases: Vec<Case>,
}

impl Contest {
    /// What came out, once everything is known to be recorded.
    fn line(&mut self) -> Result<Line> {
        let row = self.row;
        let cell = |case: &mut Case| {
            case.check(row)?;
            Ok(case.cell())
        };
        let cells: Result<Vec<Cell>> = self.cases.iter_mut().map(cell).collect();
        Ok(Line {
            work: row.title,
            cells: cells?,
        })
    }
}

/// Measures; all cases of all rows take turns, so that a slow minute of the machine hits them alike.
pub(crate) fn measure(contests: &mut [Contest], effort: Effort) -> Result<Vec<Line>> {
    for Contest { row, cases } in &mut *contests {
        for case in cases {
            case.calibrate(row, effort)?;
        }
    }
    for _ in 0..effort.samples() {
        for Contest { row, cases } in &mut *contests {
            for case in cases {
                let taken = case.sample(row.setting, row.threads)?;
                let nanoseconds = taken.as_secs_f64() * 1e9 / count(case.batch);
                case.samples.push(nanoseconds);
            }
        }
    }
    contests.iter_mut().map(Contest::line).collect()
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
fn count(of: usize) -> f64 {
    of as f64
}
