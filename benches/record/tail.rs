//! The tail: how long single records take while all threads record into one histogram.
//!
//! Each record lies between two readings of the clock, which are part of its time: the column *clock* has nothing in
//! between. With more threads than cores it also shows how often the system takes the core away within so short a time,
//! which is no fault of anybody who records.

use std::{
    fmt,
    hint::black_box,
    ops::Range,
    sync::Barrier,
    thread::ScopedJoinHandle,
    time::{Duration, Instant},
};

use crate::{
    Result,
    case::Case,
    measure::Effort,
    peers::{Others, Ours, Peer},
    quantiles::Quantiles,
    regime::Regime,
    row::{Group, Row},
    work::Work,
};

const THREADS: [usize; 3] = [1, 2, 64];

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

const ROWS: [Row; THREADS.len()] = [
    row("tail, 1 thread", "tail_alone_seconds"),
    row("tail, 2 threads", "tail_pair_seconds"),
    row("tail, 64 threads", "tail_crowd_seconds"),
];

const fn row(title: &'static str, metric: &'static str) -> Row {
    Row::new(Group::Records, title, metric, Work::Histogram, PEERS)
}

/// One column for one number of threads.
struct Column {
    /// `None` is the clock.
    case: Option<Case>,
    threads: usize,
    found: Quantiles,
}

/// All that was measured.
pub(crate) struct Tail(Vec<(usize, Vec<Column>)>);

/// Measures the wanted columns; they take turns.
pub(crate) fn measure(words: &[String], effort: Effort) -> Result<Tail> {
    let wanted = |row: &Row| PEERS.iter().any(|peer| row.is_wanted(*peer, words));
    if !ROWS.iter().any(wanted) {
        return Ok(Tail(Vec::new()));
    }
    let (turns, turn) = match effort {
        Effort::Full => (7, Duration::from_millis(150)),
        Effort::Check => (1, Duration::from_millis(1)),
    };
    let (ours, others) = (Ours::start(Regime::Usual)?, Others::start(Regime::Usual)?);
    let mut lines = Vec::new();
    for (row, threads) in ROWS.iter().zip(THREADS) {
        let mut columns = Vec::new();
        if wanted(row) {
            columns.push(Column::new(None, threads));
        }
        for peer in PEERS.iter().filter(|peer| row.is_wanted(**peer, words)) {
            let case = peer.case(row, &ours, &others)?;
            columns.push(Column::new(case, threads));
        }
        lines.push((threads, columns));
    }
    for _ in 0..turns {
        for column in lines.iter_mut().flat_map(|(_, columns)| columns) {
            column.turn(turn)?;
        }
    }
    for (row, (_, columns)) in ROWS.iter().zip(&lines) {
        for case in columns.iter().filter_map(|column| column.case.as_ref()) {
            case.check(row)?;
        }
    }
    lines.retain(|(_, columns)| !columns.is_empty());
    Ok(Tail(lines))
}

impl Column {
    fn new(case: Option<Case>, threads: usize) -> Self {
        Self {
            case,
            threads,
            found: Quantiles::new(),
        }
    }

    fn turn(&mut self, length: Duration) -> Result<()> {
        let nothing = |numbers: Range<usize>| {
            black_box(numbers);
        };
        let records: &(dyn Fn(Range<usize>) + Sync) = match &self.case {
            Some(case) => case.records(),
            None => &nothing,
        };
        let gate = &Barrier::new(self.threads);
        let found = std::thread::scope(|scope| {
            let start = |_| scope.spawn(move || load(records, gate, length));
            let threads: Vec<_> = (0..self.threads).map(start).collect();
            let joined = threads.into_iter().map(ScopedJoinHandle::join);
            joined.collect::<std::thread::Result<Vec<_>>>()
        });
        let before = self.found.total();
        for one in found.map_err(|_| "a thread panicked")? {
            self.found.merge(&one);
        }
        let made = usize::try_from(self.found.total() - before)?;
        if let Some(case) = &mut self.case {
            case.count(made, 1);
        }
        Ok(())
    }

    fn title(&self) -> &'static str {
        self.case.as_ref().map_or("clock", |case| case.peer.title())
    }
}

/// One thread: records until its time is over.
fn load(records: &(dyn Fn(Range<usize>) + Sync), gate: &Barrier, length: Duration) -> Quantiles {
    let mut found = Quantiles::new();
    gate.wait();
    let begin = Instant::now();
    for at in 0.. {
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

impl fmt::Display for Tail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((_, columns)) = self.0.first() else {
            return Ok(());
        };
        write!(out, "| tail: ns of one record with the clock |")?;
        for column in columns {
            write!(out, " {} |", column.title())?;
        }
        writeln!(out, "\n|---|{}", "---:|".repeat(columns.len()))?;
        for (threads, columns) in &self.0 {
            let label = if *threads == 1 { "thread" } else { "threads" };
            for (name, part) in PARTS {
                write!(out, "| {threads} {label}, {name} |")?;
                for column in columns {
                    write!(out, " {} |", column.found.at(part))?;
                }
                writeln!(out)?;
            }
            write!(out, "| {threads} {label}, records |")?;
            for column in columns {
                write!(out, " {} |", column.found.total())?;
            }
            writeln!(out)?;
        }
        writeln!(out)
    }
}
