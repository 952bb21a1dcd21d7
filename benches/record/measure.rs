//! The measurement: many short samples, the peers taking turns.

use std::time::Duration;

use crate::{
    Result,
    case::{Case, count},
    labels::LabelSets,
    row::Row,
    table::Cell,
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

    /// The label sets that a row has at the most.
    fn sets(self) -> usize {
        match self {
            Self::Full => usize::MAX,
            Self::Check => 1_000,
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

/// One peer at one row, with what came out so far.
pub(crate) struct Entrant {
    row: &'static Row,
    case: Case,
    /// The records per sample.
    batch: usize,
    /// Nanoseconds per record.
    samples: Vec<f64>,
}

impl Entrant {
    /// Records each label set once, and finds out how many records take one thread as long as a sample should.
    pub(crate) fn new(
        row: &'static Row,
        case: impl FnOnce(&Row) -> Result<Option<Case>>,
        effort: Effort,
    ) -> Result<Option<Self>> {
        let adapted = row.at_most(effort.sets());
        let Some(mut case) = case(&adapted)? else {
            return Ok(None);
        };
        let alone = adapted.alone();
        case.run(LabelSets::round(adapted.sets), &alone)?;
        let mut batch = 1;
        // Of three, so that one that was interrupted does not make the batch too small.
        while (0..3).try_fold(Duration::MAX, |least, _| {
            Ok::<_, Box<dyn std::error::Error>>(least.min(case.run(batch, &alone)?))
        })? < effort.sample(row.threads)
        {
            batch *= 2;
        }
        case.upkeep();
        Ok(Some(Self {
            row,
            case,
            batch,
            samples: Vec::new(),
        }))
    }

    fn sample(&mut self, effort: Effort) -> Result<()> {
        let taken = self.case.run(self.batch, self.row)?;
        let nanoseconds = taken.as_secs_f64() * 1e9 / count(self.batch);
        self.samples.push(nanoseconds);
        // Interruptions only lengthen a sample: the batch was measured while there were some.
        if 2 * taken < effort.sample(self.row.threads) {
            self.batch *= 2;
        }
        Ok(())
    }

    /// What came out, once everything is known to be recorded.
    pub(crate) fn cell(mut self) -> Result<Cell> {
        self.case.check(self.row)?;
        self.samples.sort_by(f64::total_cmp);
        let quantile = |quarters: usize| {
            let at = (self.samples.len() - 1) * quarters / 4;
            self.samples.get(at).copied().unwrap_or_default()
        };
        Ok(Cell {
            row: self.row,
            peer: self.case.peer,
            median: quantile(2),
            quartiles: (quantile(1), quantile(3)),
        })
    }
}

/// Measures for one turn; all cases of all rows take turns, so that a slow minute of the machine hits them alike.
pub(crate) fn turn(entrants: &mut [Entrant], effort: Effort) -> Result<()> {
    for _ in 0..effort.samples() {
        for entrant in &mut *entrants {
            entrant.sample(effort)?;
        }
    }
    entrants.iter().for_each(|entrant| entrant.case.upkeep());
    Ok(())
}
