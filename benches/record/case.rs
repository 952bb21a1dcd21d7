//! One peer at one work.

use std::ops::Range;

use runar_otel_benches::together::{Took, together};

use crate::{
    peer::Peer,
    regime::{DROPPED, Regime},
    result::Result,
    row::Row,
    work::{Work, value},
};

/// How far apart the numbers of two threads are: they record other values into other series.
const APART: usize = 30_011;

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

    /// So many records were made before.
    pub(crate) fn after(mut self, records: usize) -> Self {
        self.expected = records;
        self
    }

    /// Makes this many records on each thread.
    pub(crate) fn run(&mut self, records: usize, row: &Row) -> Result<Took> {
        let (run, first) = (&*self.records, self.done);
        let work = |thread| {
            let first = first + thread * APART;
            run(first..first + records);
        };
        let (took, _) = together(row.threads, || row.setting.enter(), work)?;
        self.count(records, row.threads);
        Ok(took)
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

    /// Its telemetry ended, and another one begins with nothing.
    pub(crate) fn begin_anew(&mut self) {
        self.expected = 0;
    }

    /// Nobody is measured who does nothing, and nobody is switched off who records.
    pub(crate) fn check(&self, row: &Row) -> Result<()> {
        let off = row.metric.starts_with(DROPPED) || row.regime == Regime::SdkDisabled;
        let expected = match row.work {
            _ if off && self.peer.can_be_off() => 0.0,
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

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn count(of: usize) -> f64 {
    of as f64
}
