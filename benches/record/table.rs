//! The tables of medians.

use std::fmt;

use runar_otel_benches::target::{below, times};

use crate::{
    cell::Cell,
    peer::Peer,
    row::{Group, Row},
    rows::ROWS,
    target::Target,
};

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Table {
    cells: Vec<Cell>,
    quartiles: bool,
}

impl Table {
    pub(crate) fn new(cells: Vec<Cell>, quartiles: bool) -> Self {
        Self { cells, quartiles }
    }

    fn find(&self, row: &Row, peer: Peer) -> Option<&Cell> {
        let mut cells = self.cells.iter();
        cells.find(|cell| std::ptr::eq(cell.row, row) && cell.peer == peer)
    }

    /// The rows of a group of which something was measured.
    fn rows(&self, group: Group) -> Vec<&'static Row> {
        let measured = |row: &&Row| {
            let mut peers = Peer::ALL.iter();
            peers.any(|peer| self.find(row, *peer).is_some())
        };
        let rows = ROWS.iter().filter(|row| row.group == group);
        rows.filter(measured).collect()
    }

    /// Ours as a multiple of a peer.
    fn ratio(&self, row: &Row, peer: Peer) -> Option<f64> {
        let (ours, other) = (self.find(row, Peer::Ours)?, self.find(row, peer)?);
        Some(ours.median / other.median)
    }

    /// Ours as a multiple of ours in the row of another title.
    fn ratio_of_rows(&self, row: &Row, title: &str) -> Option<f64> {
        let other = ROWS.iter().find(|row| row.title == title)?;
        let (own, other) = (self.find(row, Peer::Ours)?, self.find(other, Peer::Ours)?);
        Some(own.median / other.median)
    }

    /// The fastest of the others.
    fn best(&self, row: &Row) -> Option<Peer> {
        let others = Peer::ALL.iter().filter(|peer| **peer != Peer::Ours);
        let cells = others.filter_map(|peer| self.find(row, *peer));
        let cells = cells.filter(|cell| cell.samples > 0);
        let best = cells.min_by(|one, other| one.median.total_cmp(&other.median));
        best.map(|cell| cell.peer)
    }

    /// Tells whether a target is reached.
    fn verdict(&self, target: Target, row: &Row) -> String {
        let ratio = |peer| self.ratio(row, peer).unwrap_or(f64::NAN);
        match target {
            Target::Fastest(most) => {
                let ratio = self.best(row).map_or(f64::NAN, ratio);
                times(ratio, most, "the fastest other")
            }
            Target::Times(most, peer) => times(ratio(peer), most, peer.title()),
            Target::Faster(peer) => below(ratio(peer), peer.title()),
            Target::Row(most, title) => {
                let ratio = self.ratio_of_rows(row, title).unwrap_or(f64::NAN);
                times(ratio, most, title)
            }
        }
    }

    fn group(&self, out: &mut fmt::Formatter<'_>, group: Group) -> fmt::Result {
        let rows = self.rows(group);
        if rows.is_empty() {
            return Ok(());
        }
        let has = |peer: &&Peer| rows.iter().any(|row| self.find(row, **peer).is_some());
        let peers: Vec<Peer> = Peer::ALL.iter().filter(has).copied().collect();
        // Beside one other the fastest is that one.
        let compared: &[Peer] = if peers.len() > 2 {
            &[
                Peer::Raw,
                Peer::RawBound,
                Peer::Metered,
                Peer::Autometrics,
                Peer::Bare,
            ]
        } else {
            &[]
        };
        let shown = |peer: &&Peer| peers.contains(peer);
        let compared: Vec<Peer> = compared.iter().filter(shown).copied().collect();
        write!(out, "| {}: ns per record |", group.title())?;
        for peer in &peers {
            write!(out, " {} |", peer.title())?;
        }
        for peer in &compared {
            write!(out, " ours ÷ {} |", peer.title())?;
        }
        let columns = peers.len() + compared.len() + 1;
        writeln!(out, " ours ÷ the fastest other | target |")?;
        writeln!(out, "|---|{}---|", "---:|".repeat(columns))?;
        for row in rows {
            write!(out, "| {} |", row.title)?;
            for peer in &peers {
                self.cell(out, self.find(row, *peer))?;
            }
            for peer in &compared {
                number(out, self.ratio(row, *peer))?;
            }
            match self
                .best(row)
                .and_then(|best| Some((best, self.ratio(row, best)?)))
            {
                Some((best, ratio)) => write!(out, " {ratio:.2} ({}) |", best.title())?,
                None => write!(out, " |")?,
            }
            let verdicts: Vec<String> = row
                .targets
                .iter()
                .map(|target| self.verdict(*target, row))
                .collect();
            writeln!(out, " {} |", verdicts.join("; "))?;
        }
        writeln!(out)
    }

    /// How many samples of two threads counted.
    fn samples(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = ROWS.iter().filter(|row| row.threads > 1);
        let rows: Vec<_> = rows
            .filter(|row| Peer::ALL.iter().any(|peer| self.find(row, *peer).is_some()))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "| samples in which no thread waited for a core, of those tried | |\n|---|---|"
        )?;
        for row in rows {
            let cells = self.cells.iter().filter(|cell| std::ptr::eq(cell.row, row));
            let cells = cells
                .map(|cell| format!("{} {} of {}", cell.peer.title(), cell.samples, cell.tried));
            writeln!(
                out,
                "| {} | {} |",
                row.title,
                cells.collect::<Vec<_>>().join(", ")
            )?;
        }
        writeln!(out)
    }

    fn cell(&self, out: &mut fmt::Formatter<'_>, cell: Option<&Cell>) -> fmt::Result {
        let Some(cell) = cell else {
            return write!(out, " |");
        };
        if cell.samples == 0 {
            return write!(out, " no sample |");
        }
        write!(out, " {:.1}", cell.median)?;
        if self.quartiles {
            let (lower, upper) = cell.quartiles;
            write!(out, " ({lower:.1} to {upper:.1})")?;
        }
        write!(out, " |")
    }

    /// What the offer of an exemplar costs: a record under the default filter less the same under `always_off`.
    fn offers(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let off = |row: &Row| {
            let title = format!("always_off: {}", row.title);
            ROWS.iter().find(|other| other.title == title)
        };
        let differences: Vec<(&Row, f64)> = self
            .rows(Group::Spans)
            .into_iter()
            .filter_map(|row| {
                let with = self.find(row, Peer::Ours)?.median;
                let without = self.find(off(row)?, Peer::Ours)?.median;
                Some((row, with - without))
            })
            .collect();
        if differences.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "| exemplar offer, on top of the record | ns |\n|---|---:|"
        )?;
        for (row, nanoseconds) in differences {
            writeln!(out, "| {} | {nanoseconds:.1} |", row.title)?;
        }
        writeln!(out)
    }

    /// The cell whose middle half of samples is the widest.
    fn noisiest(&self) -> Option<&Cell> {
        let cells = self.cells.iter().filter(|cell| cell.samples > 0);
        cells.max_by(|one, other| one.spread().total_cmp(&other.spread()))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in Group::ALL {
            self.group(out, *group)?;
        }
        self.samples(out)?;
        self.offers(out)?;
        let Some(cell) = self.noisiest() else {
            return Ok(());
        };
        let (peer, (lower, upper)) = (cell.peer.title(), cell.quartiles);
        writeln!(
            out,
            "The noisiest: {}, {peer}: half of its samples lie between {lower:.1} and {upper:.1}.\n",
            cell.row.title
        )
    }
}

fn number(out: &mut fmt::Formatter<'_>, number: Option<f64>) -> fmt::Result {
    match number {
        Some(number) => write!(out, " {number:.2} |"),
        None => write!(out, " |"),
    }
}
