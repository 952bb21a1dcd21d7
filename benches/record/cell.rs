//! One figure of the table.

use crate::{peer::Peer, result::Result, row::Row, rows::ROWS};

/// One peer at one row, in nanoseconds per record.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) row: &'static Row,
    pub(crate) peer: Peer,
    pub(crate) median: f64,
    pub(crate) quartiles: (f64, f64),
    /// The samples that counted.
    pub(crate) samples: usize,
    pub(crate) tried: usize,
}

impl Cell {
    /// As one process tells it to the other.
    pub(crate) fn print(&self) -> String {
        let row = ROWS.iter().position(|row| std::ptr::eq(row, self.row));
        let peer = Peer::ALL.iter().position(|peer| *peer == self.peer);
        let (lower, upper) = self.quartiles;
        format!(
            "{} {} {lower} {} {upper} {} {}",
            row.unwrap_or(usize::MAX),
            peer.unwrap_or(usize::MAX),
            self.median,
            self.samples,
            self.tried
        )
    }

    pub(crate) fn parse(line: &str) -> Result<Self> {
        let wrong = || format!("expected a cell, found {line:?}");
        let [row, peer, lower, median, upper, samples, tried] =
            *line.split(' ').collect::<Vec<_>>().as_slice()
        else {
            return Err(wrong().into());
        };
        Ok(Self {
            row: ROWS.get(row.parse::<usize>()?).ok_or_else(wrong)?,
            peer: *Peer::ALL.get(peer.parse::<usize>()?).ok_or_else(wrong)?,
            median: median.parse()?,
            quartiles: (lower.parse()?, upper.parse()?),
            samples: samples.parse()?,
            tried: tried.parse()?,
        })
    }

    /// The width of the middle half of the samples, as a part of the median.
    pub(crate) fn spread(&self) -> f64 {
        let (lower, upper) = self.quartiles;
        (upper - lower) / self.median
    }
}
