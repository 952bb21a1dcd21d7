//! The table of medians.

use std::fmt;

use crate::peers::Peer;

/// Whom ours is compared with in numbers.
const COMPARED: [Peer; 2] = [Peer::Raw, Peer::RawBound];

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Line>);

/// One work.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) work: &'static str,
    pub(crate) cells: Vec<Cell>,
}

/// One peer at one work, in nanoseconds per record.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) peer: Peer,
    pub(crate) median: f64,
    pub(crate) quartiles: (f64, f64),
}

impl Table {
    /// Adds those lines of which something was wanted.
    pub(crate) fn extend(&mut self, lines: Vec<Line>) {
        let wanted = lines.into_iter().filter(|line| !line.cells.is_empty());
        self.0.extend(wanted);
    }

    /// The cell whose middle half of samples is the widest.
    fn noisiest(&self) -> Option<(&Line, &Cell)> {
        let cells = self
            .0
            .iter()
            .flat_map(|line| line.cells.iter().map(move |cell| (line, cell)));
        cells.max_by(|(_, one), (_, other)| one.spread().total_cmp(&other.spread()))
    }
}

impl Line {
    fn median(&self, peer: Peer) -> Option<f64> {
        let cell = self.cells.iter().find(|cell| cell.peer == peer);
        cell.map(|cell| cell.median)
    }

    /// Ours as a multiple of a peer.
    fn ratio(&self, peer: Peer) -> Option<f64> {
        Some(self.median(Peer::Ours)? / self.median(peer)?)
    }
}

impl Cell {
    /// How far the middle half of the samples spreads, as a part of the median.
    fn spread(&self) -> f64 {
        let (lower, upper) = self.quartiles;
        (upper - lower) / self.median
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "| ns per record |")?;
        for peer in Peer::ALL {
            write!(out, " {} |", peer.title())?;
        }
        for peer in COMPARED {
            write!(out, " ours ÷ {} |", peer.title())?;
        }
        let columns = Peer::ALL.len() + COMPARED.len();
        writeln!(out, "\n|---|{}", "---:|".repeat(columns))?;
        for line in &self.0 {
            write!(out, "| {} |", line.work)?;
            let medians = Peer::ALL.iter().map(|peer| line.median(*peer));
            for median in medians {
                cell(out, median, 1)?;
            }
            for peer in COMPARED {
                cell(out, line.ratio(peer), 2)?;
            }
            writeln!(out)?;
        }
        let Some((line, cell)) = self.noisiest() else {
            return Ok(());
        };
        let (peer, (lower, upper)) = (cell.peer.title(), cell.quartiles);
        writeln!(
            out,
            "\nThe noisiest: {}, {peer}: half of its samples lie between {lower:.1} and {upper:.1}.",
            line.work
        )
    }
}

fn cell(out: &mut fmt::Formatter<'_>, number: Option<f64>, places: usize) -> fmt::Result {
    match number {
        Some(number) => write!(out, " {number:.places$} |"),
        None => write!(out, " |"),
    }
}
