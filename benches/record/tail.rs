//! The tail: how long single records take while all threads record into one series.
//!
//! Each record lies between two readings of the clock, which are part of its time: the column *clock* has nothing in
//! between. Turns of up to two threads count if nobody had to wait for a core in them. With more threads than cores it
//! also shows how often the system takes the core away within so short a time, which is no fault of anybody who records.

use std::{
    fmt,
    hint::black_box,
    ops::Range,
    time::{Duration, Instant},
};

use runar_otel_benches::{target, together::together};

use crate::{
    case::{Case, count},
    measure::Effort,
    peer::Peer,
    peers::{Others, Ours},
    quantiles::Quantiles,
    regime::Regime,
    result::Result,
    row::{Group, Row},
    work::Work,
};

const PEERS: &[Peer] = &[
    Peer::Ours,
    Peer::RawBound,
    Peer::Prometheus,
    Peer::PrometheusClient,
];

/// p50, p99, p99.9, p99.99, in parts of ten thousand.
const PARTS: [(&str, u64); 4] = [
    ("p50", 5_000),
    ("p99", 9_900),
    ("p99.9", 9_990),
    ("p99.99", 9_999),
];

/// The quantiles that have a target: at most so many times those of `prometheus`.
const TARGET: (f64, [u64; 2]) = (1.5, [9_900, 9_990]);

const ROWS: [Row; 6] = [
    row(
        "tail, counter, 1 thread",
        "tail_alone_total",
        Work::Counter,
        1,
    ),
    row(
        "tail, counter, 2 threads",
        "tail_pair_total",
        Work::Counter,
        2,
    ),
    row(
        "tail, counter, 64 threads",
        "tail_crowd_total",
        Work::Counter,
        64,
    ),
    row(
        "tail, histogram, 1 thread",
        "tail_alone_seconds",
        Work::Histogram,
        1,
    ),
    row(
        "tail, histogram, 2 threads",
        "tail_pair_seconds",
        Work::Histogram,
        2,
    ),
    row(
        "tail, histogram, 64 threads",
        "tail_crowd_seconds",
        Work::Histogram,
        64,
    ),
];

const fn row(title: &'static str, metric: &'static str, work: Work, threads: usize) -> Row {
    let mut row = Row::new(Group::Records, title, metric, work, PEERS);
    row.threads = threads;
    row
}

/// Threads that have cores of their own.
const FEW: usize = 2;

/// How long and how often is recorded.
struct Plan {
    rounds: usize,
    /// The turns of a round, of few threads and of many.
    turns: [usize; 2],
    lengths: [Duration; 2],
}

impl Plan {
    fn new(effort: Effort) -> Self {
        match effort {
            Effort::Full => Self {
                rounds: 7,
                turns: [60, 1],
                lengths: [Duration::from_millis(2), Duration::from_millis(150)],
            },
            Effort::Check => Self {
                rounds: 1,
                turns: [1, 1],
                lengths: [Duration::from_millis(1); 2],
            },
        }
    }
}

/// One column of a row.
struct Column {
    /// `None` is the clock.
    case: Option<Case>,
    row: Row,
    found: Quantiles,
    counted: usize,
    tried: usize,
}

/// All that was measured.
pub(crate) struct Tail(Vec<(&'static Row, Vec<Column>)>);

/// Measures the wanted columns; they take turns.
pub(crate) fn measure(words: &[String], effort: Effort) -> Result<Tail> {
    let wanted = |row: &&Row| PEERS.iter().any(|peer| row.is_wanted(*peer, words));
    if !ROWS.iter().any(|row| wanted(&row)) {
        return Ok(Tail(Vec::new()));
    }
    let (ours, others) = (Ours::start(Regime::Usual)?, Others::start(Regime::Usual)?);
    let mut lines = Vec::new();
    for row in ROWS.iter().filter(wanted) {
        let mut columns = vec![Column::new(None, row)];
        for peer in PEERS.iter().filter(|peer| row.is_wanted(**peer, words)) {
            let case = others.case(*peer, row, &ours)?;
            columns.push(Column::new(case, row));
        }
        lines.push((row, columns));
    }
    let plan = Plan::new(effort);
    for _ in 0..plan.rounds {
        for column in lines.iter_mut().flat_map(|(_, columns)| columns) {
            column.round(&plan, effort)?;
        }
    }
    for (row, columns) in &lines {
        for case in columns.iter().filter_map(|column| column.case.as_ref()) {
            case.check(row)?;
        }
    }
    Ok(Tail(lines))
}

impl Column {
    fn new(case: Option<Case>, row: &Row) -> Self {
        Self {
            case,
            row: *row,
            found: Quantiles::new(),
            counted: 0,
            tried: 0,
        }
    }

    fn round(&mut self, plan: &Plan, effort: Effort) -> Result<()> {
        let many = usize::from(self.row.threads > FEW);
        let turns = plan.turns.get(many).copied().unwrap_or(1);
        let length = plan.lengths.get(many).copied().unwrap_or_default();
        for _ in 0..turns {
            self.turn(length, effort)?;
        }
        if let Some(case) = &self.case {
            case.upkeep();
        }
        Ok(())
    }

    fn turn(&mut self, length: Duration, effort: Effort) -> Result<()> {
        let nothing = |numbers: Range<usize>| {
            black_box(numbers);
        };
        let records: &(dyn Fn(Range<usize>) + Sync) = match &self.case {
            Some(case) => case.records(),
            None => &nothing,
        };
        let threads = self.row.threads;
        let work = |thread| load(records, thread, length);
        let (took, found) = together(threads, || Ok(()), work)?;
        self.tried += 1;
        let made: u64 = found.iter().map(Quantiles::total).sum();
        if took.undisturbed || threads > FEW || effort == Effort::Check {
            self.counted += 1;
            found.iter().for_each(|one| self.found.merge(one));
        }
        if let Some(case) = &mut self.case {
            case.count(usize::try_from(made)?, 1);
        }
        Ok(())
    }

    fn title(&self) -> &'static str {
        self.case.as_ref().map_or("clock", |case| case.peer.title())
    }

    fn is(&self, peer: Peer) -> bool {
        self.case.as_ref().is_some_and(|case| case.peer == peer)
    }
}

/// One thread: records until its time is over.
fn load(records: &(dyn Fn(Range<usize>) + Sync), thread: usize, length: Duration) -> Quantiles {
    let mut found = Quantiles::new();
    let begin = Instant::now();
    for at in thread * 1_009.. {
        let start = Instant::now();
        records(at..at + 1);
        let end = Instant::now();
        let taken = (end - start).as_nanos();
        found.add(u64::try_from(taken).unwrap_or(u64::MAX));
        if end - begin >= length {
            break;
        }
    }
    found
}

/// Ours as a multiple of `prometheus`.
fn ratio(columns: &[Column], part: u64) -> f64 {
    let of = |peer| {
        let column = columns.iter().find(|column| column.is(peer));
        column.map_or(f64::NAN, |column| figure(column, part))
    };
    of(Peer::Ours) / of(Peer::Prometheus)
}

fn figure(column: &Column, part: u64) -> f64 {
    match column.counted {
        0 => f64::NAN,
        _ => count(usize::try_from(column.found.at(part)).unwrap_or(usize::MAX)),
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((_, columns)) = self.0.first() else {
            return Ok(());
        };
        write!(out, "| ns of one record with the clock |")?;
        for column in columns {
            write!(out, " {} |", column.title())?;
        }
        writeln!(out, " ours ÷ prometheus | target |")?;
        writeln!(out, "|---|{}---|", "---:|".repeat(columns.len() + 1))?;
        for (row, columns) in &self.0 {
            for (name, part) in PARTS {
                write!(out, "| {}, {name} |", row.title)?;
                for column in columns {
                    write!(out, " {} |", figure(column, part))?;
                }
                let ratio = ratio(columns, part);
                write!(out, " {ratio:.2} |")?;
                let (most, parts) = TARGET;
                match parts.contains(&part) {
                    true => writeln!(out, " {} |", target::times(ratio, most, "prometheus"))?,
                    false => writeln!(out, " |")?,
                }
            }
            write!(out, "| {}, records |", row.title)?;
            for column in columns {
                write!(out, " {} |", column.found.total())?;
            }
            write!(out, " | |\n| {}, turns that count |", row.title)?;
            for column in columns {
                write!(out, " {} of {} |", column.counted, column.tried)?;
            }
            writeln!(out, " | |")?;
        }
        writeln!(out)
    }
}
