//! The measurement: many short samples, the peers taking turns.

use std::time::Duration;

use crate::{
    case::{Case, count},
    cell::Cell,
    result::Result,
    row::Row,
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
    /// How often each process gets its turn.
    pub(crate) fn turns(self) -> usize {
        match self {
            Self::Full => 7,
            Self::Check => 1,
        }
    }

    /// The samples of each case in one turn.
    fn samples(self) -> usize {
        match self {
            Self::Full => 21,
            Self::Check => 2,
        }
    }

    /// How often a sample is tried until nobody has to wait for a core.
    fn tries(self, threads: usize) -> usize {
        match self {
            Self::Full if threads > 1 => 12,
            Self::Full => 2,
            Self::Check => 1,
        }
    }

    /// The label sets that a row has at the most.
    fn sets(self) -> usize {
        match self {
            Self::Full => usize::MAX,
            Self::Check => 1_000,
        }
    }

    /// How long the records of one sample take. Those of several threads are short, so that all of them have a core
    /// meanwhile.
    fn sample(self, threads: usize) -> Duration {
        match self {
            Self::Full if threads > 1 => Duration::from_micros(600),
            Self::Full => Duration::from_millis(1),
            Self::Check => Duration::from_micros(1),
        }
    }
}

/// One peer at one row, with what came out so far.
pub(crate) struct Entrant {
    row: &'static Row,
    case: Case,
    effort: Effort,
    /// The records per sample.
    batch: usize,
    tried: usize,
    /// Nanoseconds per record.
    samples: Vec<f64>,
}

impl Entrant {
    /// Records each label set once, and finds out how many records take as long as a sample should.
    pub(crate) fn new(
        row: &'static Row,
        case: impl FnOnce(&Row) -> Result<Option<Case>>,
        effort: Effort,
    ) -> Result<Option<Self>> {
        let adapted = row.at_most(effort.sets());
        let Some(mut case) = case(&adapted)? else {
            return Ok(None);
        };
        case.run(adapted.sets, &adapted.alone())?;
        let mut batch = 1;
        // Of three, so that one that was interrupted does not make the batch too small.
        while (0..3).try_fold(Duration::MAX, |least, _| {
            let took = case.run(batch, row)?;
            Ok::<_, Box<dyn std::error::Error>>(least.min(took.time))
        })? < effort.sample(row.threads)
        {
            batch *= 2;
        }
        case.upkeep();
        Ok(Some(Self {
            row,
            case,
            effort,
            batch,
            tried: 0,
            samples: Vec::new(),
        }))
    }

    /// Goes on under another telemetry; what was recorded in the one before was checked.
    pub(crate) fn begin_anew(&mut self) -> Result<()> {
        self.case.begin_anew();
        self.case.run(self.batch, self.row)?;
        Ok(())
    }

    /// Looks whether everything was recorded so far.
    pub(crate) fn check(&self) -> Result<()> {
        self.case.check(self.row)
    }

    fn sample(&mut self) -> Result<()> {
        for _ in 0..self.effort.tries(self.row.threads) {
            let took = self.case.run(self.batch, self.row)?;
            self.tried += 1;
            let nanoseconds = took.time.as_secs_f64() * 1e9 / count(self.batch);
            // Interruptions only lengthen a sample: the batch was measured while there were some.
            if 2 * took.time < self.effort.sample(self.row.threads) {
                self.batch *= 2;
            }
            if took.undisturbed || self.effort == Effort::Check {
                self.samples.push(nanoseconds);
                break;
            }
        }
        Ok(())
    }

    /// What came out, once everything is known to be recorded.
    pub(crate) fn cell(mut self) -> Result<Cell> {
        self.check()?;
        self.samples.sort_by(f64::total_cmp);
        let quantile = |quarters: usize| {
            let at = self.samples.len().saturating_sub(1) * quarters / 4;
            self.samples.get(at).copied().unwrap_or(f64::NAN)
        };
        Ok(Cell {
            row: self.row,
            peer: self.case.peer,
            median: quantile(2),
            quartiles: (quantile(1), quantile(3)),
            samples: self.samples.len(),
            tried: self.tried,
        })
    }
}

/// Measures for one turn; all cases of all rows take turns, so that a slow minute of the machine hits them alike.
pub(crate) fn turn(entrants: &mut [Entrant], effort: Effort) -> Result<()> {
    for _ in 0..effort.samples() {
        for entrant in &mut *entrants {
            entrant.sample()?;
        }
    }
    entrants.iter().for_each(|entrant| entrant.case.upkeep());
    Ok(())
}
