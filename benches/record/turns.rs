//! One process per regime; all of them take turns, so that their figures can be compared.
//!
//! The first process starts the others, says `turn` to one after the other, waits until each says `done`, closes their
//! input at the end and reads their cells.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{
    cell::Cell,
    measure::{Effort, Entrant, turn},
    peer::Peer,
    peers::{Others, Ours},
    regime::Regime,
    result::Result,
    row::Row,
    rows::ROWS,
};

const DONE: &str = "done";

/// The process of a regime, as the first process sees it.
struct Team {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Team {
    fn start(regime: Regime, arguments: &[String]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .arg(format!("--regime={}", regime.name()))
            .envs(regime.variables().iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut team = Self {
            child,
            input,
            output,
        };
        team.wait()?;
        Ok(team)
    }

    fn turn(&mut self) -> Result<()> {
        writeln!(self.input, "turn")?;
        self.wait()
    }

    fn wait(&mut self) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.trim_end() == DONE {
            return Ok(());
        }
        Err(format!("expected {DONE:?}, found {line:?}").into())
    }

    fn cells(self) -> Result<Vec<Cell>> {
        let Self {
            mut child,
            input,
            output,
        } = self;
        drop(input);
        let lines = output.lines().collect::<std::io::Result<Vec<_>>>()?;
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("a regime ended with {status}").into());
        }
        lines.iter().map(|line| Cell::parse(line)).collect()
    }
}

/// Lets the processes of all wanted regimes measure; `arguments` are those of this process.
pub(crate) fn conduct(arguments: &[String], words: &[String], effort: Effort) -> Result<Vec<Cell>> {
    let wanted = Regime::ALL.iter().copied().filter(|regime| {
        let mut cells = ROWS
            .iter()
            .flat_map(|row| row.peers.iter().map(move |peer| (row, *peer)));
        cells.any(|(row, peer)| row.regime == *regime && row.is_wanted(peer, words))
    });
    let start = |regime| Team::start(regime, arguments);
    let mut teams = wanted.map(start).collect::<Result<Vec<_>>>()?;
    for _ in 0..effort.turns() {
        for team in &mut teams {
            team.turn()?;
        }
    }
    let mut cells = Vec::new();
    for team in teams {
        cells.extend(team.cells()?);
    }
    Ok(cells)
}

/// The process of a regime: measures when it is told to.
pub(crate) fn take_part(regime: Regime, words: &[String], effort: Effort) -> Result<()> {
    let (mut ours, others) = (Ours::start(regime)?, Others::start(regime)?);
    let mut entrants = Vec::new();
    for row in ROWS.iter().filter(|row| row.regime == regime) {
        let wanted = |peer: &&Peer| row.is_wanted(**peer, words);
        for peer in row.peers.iter().filter(wanted) {
            let case = |row: &Row| others.case(*peer, row, &ours);
            entrants.extend(Entrant::new(row, case, effort)?);
        }
    }
    for _ in 1..regime.lives() {
        if ours.shows() {
            entrants.iter().try_for_each(Entrant::check)?;
        }
        ours.begin_anew(regime)?;
        entrants.iter_mut().try_for_each(Entrant::begin_anew)?;
    }
    let mut output = std::io::stdout().lock();
    writeln!(output, "{DONE}")?;
    output.flush()?;
    for line in std::io::stdin().lines() {
        line?;
        turn(&mut entrants, effort)?;
        writeln!(output, "{DONE}")?;
        output.flush()?;
    }
    for entrant in entrants {
        writeln!(output, "{}", entrant.cell()?.print())?;
    }
    Ok(())
}
